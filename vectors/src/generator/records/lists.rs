//! Device lists.

use serde_json::{Value, json};

use super::{About, NOW, code, hexed};
use crate::generator::file::Vector;
use crate::generator::{Made, VectorRng};
use crate::naive::keys::{Private, clamp, public_of};
use crate::naive::records::device_list::{DeviceList, Entry, VERSION_MAX, hash};
use crate::naive::records::malleable;

pub(super) const BOXES: [u16; 2] = [0x0101, 0x0102];
pub(super) const RATCHETS: [u16; 2] = [0x0303, 0x0311];
pub(super) const RANDOM: [u8; 64] = [0x5a; 64];

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut made = signing();
    made.extend(decoding()?);
    Ok(made)
}

/// An account whose lists the scenarios are about.
pub(super) struct Account {
    pub(super) identity: Private,
    pub(super) list: DeviceList,
}

impl Account {
    /// Device 1 speaks ratchets, device 2 a box, device 3 is closed.
    pub(super) fn new() -> Self {
        let mut rng = VectorRng::of("records/account");
        let identity = clamp(rng.bytes());
        let mut entry = |device_id, suites: &[u16]| Entry {
            device_id,
            incarnation: rng.bytes(),
            registration_id: 1000 + u32::from(device_id),
            box_key: rng.bytes(),
            suites: suites.to_vec(),
        };
        let entries = vec![entry(1, &RATCHETS), entry(2, &BOXES), entry(3, &[])];
        let list = DeviceList {
            account_id: rng.bytes(),
            identity_key: public_of(&identity),
            version: NOW,
            previous: NOW - 1000,
            entry_count: None,
            entries,
        };
        Self { identity, list }
    }

    /// The account's list after a change, signed, whatever it is.
    pub(super) fn signed(&self, change: impl FnOnce(&mut DeviceList)) -> Vec<u8> {
        let mut list = self.list.clone();
        change(&mut list);
        list.sign(&self.identity, &RANDOM)
    }

    /// The list that follows, after a change.
    pub(super) fn next(&self, change: impl FnOnce(&mut DeviceList)) -> Vec<u8> {
        self.signed(|list| {
            (list.version, list.previous) = (list.version + 1, list.version);
            change(list);
        })
    }
}

fn entry_value(entry: &Entry) -> Value {
    json!({
        "device_id": entry.device_id, "incarnation": hexed(entry.incarnation),
        "registration_id": entry.registration_id, "box_key": hexed(entry.box_key),
        "suites": entry.suites,
    })
}

fn signing() -> Vec<Vector> {
    type Change = fn(&mut DeviceList);
    let abouts: [(About, Change); 4] = [
        (
            About::new("device-list/first", "the first list, of one device", &["DEVICE-1"], &[]),
            |list| {
                list.previous = 0;
                list.entries.truncate(1);
            },
        ),
        (About::new("device-list/three-devices", "one of them closed", &["DEVICE-1"], &[]), |_| ()),
        (
            About::new(
                "device-list/unknown-suites",
                "suites that are not registered are kept",
                &["DEVICE-1"],
                &[],
            ),
            |list| list.entries[0].suites = vec![0, 0x0303, 0x7777, 0xffff],
        ),
        (
            About::new(
                "device-list/limits",
                "the highest version, device id and registration id",
                &["DEVICE-1", "DEVICE-7"],
                &[],
            ),
            |list| {
                list.version = VERSION_MAX;
                list.entries[2].device_id = 127;
                list.entries[2].registration_id = 16_380;
            },
        ),
    ];
    let account = Account::new();
    let vector = |(about, change): (About, Change)| {
        let mut list = account.list.clone();
        change(&mut list);
        let signed = list.sign(&account.identity, &RANDOM);
        let input = json!({
            "account_id": hexed(list.account_id), "identity_private": hexed(account.identity),
            "version": list.version, "previous": list.previous,
            "entries": list.entries.iter().map(entry_value).collect::<Vec<_>>(),
            "random": hexed(RANDOM),
        });
        let output = json!({
            "identity_key": hexed(list.identity_key), "signed": hexed(list.encode()),
            "device_list": hexed(&signed), "hash": hexed(hash(&signed)),
        });
        about.vector("device list", input, output)
    };
    abouts.into_iter().map(vector).collect()
}

fn decoding() -> Made<Vec<Vector>> {
    type Change = fn(&mut DeviceList);
    const CANONICAL: &[&str] = &["DEVICE-7"];
    const MALFORMED: &[&str] = &["NotCanonical"];
    let canonical = |id, comment| About::new(id, comment, CANONICAL, MALFORMED);
    let account = Account::new();
    let mut made = Vec::new();
    let mut push = |about: About, bytes: &[u8], expected: &str| -> Made<()> {
        let code = code(about.id, DeviceList::verify(bytes), Some(expected))?;
        let input = json!({ "device_list": hexed(bytes) });
        made.push(about.vector("device list decoding", input, json!({ "code": code })));
        Ok(())
    };
    let malformed: [(About, Change); 14] = [
        (canonical("device-list/entries-out-of-order", "entries out of order"), |list| {
            list.entries.swap(0, 1);
        }),
        (canonical("device-list/device-twice", "one device id twice"), |list| {
            list.entries[1].device_id = 1;
        }),
        (canonical("device-list/device-0", "device id 0"), |list| list.entries[0].device_id = 0),
        (canonical("device-list/device-128", "device id 128"), |list| {
            list.entries[2].device_id = 128;
        }),
        (canonical("device-list/count-too-high", "one entry more is announced"), |list| {
            list.entry_count = Some(4);
        }),
        (canonical("device-list/count-too-low", "one entry less is announced"), |list| {
            list.entry_count = Some(2);
        }),
        (canonical("device-list/no-entries", "no entry"), |list| list.entries.clear()),
        (canonical("device-list/suites-out-of-order", "suites out of order"), |list| {
            list.entries[0].suites.swap(0, 1);
        }),
        (canonical("device-list/suite-twice", "one suite twice"), |list| {
            list.entries[0].suites[1] = 0x0303;
        }),
        (canonical("device-list/registration-id-0", "registration id 0"), |list| {
            list.entries[0].registration_id = 0;
        }),
        (canonical("device-list/registration-id-16381", "registration id 16381"), |list| {
            list.entries[0].registration_id = 16_381;
        }),
        (canonical("device-list/version-2-53", "version 2^53"), |list| {
            list.version = VERSION_MAX + 1;
        }),
        (
            About::new("device-list/version-equal", "made from itself", &["DEVICE-4"], MALFORMED),
            |list| list.previous = list.version,
        ),
        (
            About::new("device-list/version-lower", "below previous", &["DEVICE-4"], MALFORMED),
            |list| list.previous = list.version + 1,
        ),
    ];
    for (about, change) in malformed {
        push(about, &account.signed(change), "malformed")?;
    }
    let good = account.signed(|_| ());
    let about = canonical("device-list/trailing-byte", "a byte after the signature");
    push(about, &[&good[..], &[0]].concat(), "malformed")?;
    let signed = [account.list.encode(), vec![0]].concat();
    let signature = crate::naive::records::sign(&account.identity, &signed, &RANDOM);
    let about = canonical("device-list/signed-trailing-byte", "a signed byte after the entries");
    push(about, &[&signed[..], &signature].concat(), "malformed")?;
    let about = canonical("device-list/cut-by-one", "the last byte is missing");
    push(about, &good[..good.len() - 1], "malformed")?;
    push(canonical("device-list/empty", "no bytes"), &[], "malformed")?;
    let label = account.signed(|_| ());
    let about = canonical("device-list/other-label", "version 2 in the label");
    push(about, &flipped(&label, 25, b'1' ^ b'2'), "malformed")?;
    let about = canonical("device-list/key-type", "another type of key");
    push(about, &flipped(&good, 42, 1), "bad_key_type")?;
    let about = canonical("device-list/key-not-canonical", "bit 255 of the identity key set");
    push(about, &flipped(&good, 74, 0x80), "bad_key")?;
    signatures(&account, &good, &mut push)?;
    Ok(made)
}

/// Lists that are canonical and not signed.
fn signatures(
    account: &Account,
    good: &[u8],
    push: &mut impl FnMut(About, &[u8], &str) -> Made<()>,
) -> Made<()> {
    const REFUSED: &str = "record_signature_invalid";
    let forged = |id, comment| About::new(id, comment, &["DEVICE-1"], &["Forged"]);
    let malleable_form =
        |id, comment| About::new(id, comment, &["DEVICE-1"], &["MalleableSignature"]);
    let (list, signature) = good.split_at(good.len() - 64);
    let mut signature: [u8; 64] = signature.try_into().unwrap_or([0; 64]);
    let about = malleable_form("device-list/s-plus-q", "s + q in place of s");
    push(about, &[list, &malleable(&signature)].concat(), REFUSED)?;
    signature[63] |= 0x80;
    let about = malleable_form("device-list/sign-bit", "bit 7 of byte 63 set");
    push(about, &[list, &signature].concat(), REFUSED)?;
    let stranger = account.list.sign(&clamp([0x77; 32]), &RANDOM);
    push(forged("device-list/signed-by-another", "signed by another key"), &stranger, REFUSED)?;
    let about = forged("device-list/unsigned", "zeros in place of a signature");
    push(about, &[list, &[0; 64]].concat(), REFUSED)?;
    let about = forged("device-list/altered-box-key", "a box key exchanged");
    push(about, &flipped(good, 92 + 21, 1), REFUSED)?;
    let label_left_out = crate::naive::records::sign(&account.identity, &list[26..], &RANDOM);
    let about = forged("device-list/label-not-signed", "the label is not under the signature");
    push(about, &[list, &label_left_out].concat(), REFUSED)
}

fn flipped(bytes: &[u8], at: usize, mask: u8) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out[at] ^= mask;
    out
}
