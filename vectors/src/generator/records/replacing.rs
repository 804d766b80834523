//! One device list in place of another.

use serde_json::json;

use super::lists::{Account, BOXES, RANDOM, RATCHETS};
use super::{About, code, hexed};
use crate::generator::Made;
use crate::generator::file::Vector;
use crate::naive::fault::Outcome;
use crate::naive::keys::{clamp, public_of};
use crate::naive::records::device_list::{DeviceList, Entry, newer, successor};

/// One list in place of another, for a server and for a peer.
pub(super) fn vectors() -> Made<Vec<Vector>> {
    let account = Account::new();
    let held = account.signed(|_| ());
    let mut made = Vec::new();
    for (about, new, server, peer) in cases(&account) {
        let (old, next) = (DeviceList::verify(&held), DeviceList::verify(&new));
        let outcome = old.and_then(|old| successor(Some(&old), &next?));
        made.push(successor_vector(about, "", Some(&held), &new, outcome, server)?);
        let code = code(about.id, newer(&held, &new, &[]), peer)?;
        let input = json!({ "held": hexed(&held), "device_list": hexed(&new), "consented": [] });
        let mut vector = about.vector("device list newer", input, json!({ "code": code }));
        vector.id += "-peer";
        vector.requirements.clear();
        made.push(vector);
    }
    made.extend(first_lists(&account)?);
    made.extend(consent(&account, &held)?);
    Ok(made)
}

type Case = (About, Vec<u8>, Option<&'static str>, Option<&'static str>);

/// What the new list is, and the code that a server and a peer answer.
fn cases(account: &Account) -> Vec<Case> {
    let about = |id, comment, requirements, notes| About::new(id, comment, requirements, notes);
    let fourth = Entry { device_id: 4, ..account.list.entries[0].clone() };
    let lower = |list: &mut DeviceList| list.entries[0].suites = BOXES.to_vec();
    let conflict = Some("record_conflict");
    let not_one = Some("record_not_one_device");
    vec![
        (
            about("next/added", "a device more", &["DEVICE-3"], &[]),
            account.next(|list| list.entries.push(fourth.clone())),
            None,
            None,
        ),
        (
            about("next/updated", "a device speaks more", &["DEVICE-6"], &[]),
            account.next(|list| list.entries[1].suites.extend(RATCHETS)),
            None,
            None,
        ),
        (
            about("next/replaced", "a device was installed anew", &["DEVICE-3"], &[]),
            account.next(|list| list.entries[0].incarnation[0] ^= 1),
            None,
            None,
        ),
        (
            about("next/closed", "a device is closed", &["DEVICE-3"], &[]),
            account.next(|list| list.entries[0].suites.clear()),
            None,
            None,
        ),
        (
            about("next/box-dropped", "level 1 given up for level 2", &["DEVICE-6"], &[]),
            account.next(|list| list.entries[1].suites = RATCHETS.to_vec()),
            None,
            None,
        ),
        (
            about(
                "next/nothing-changed",
                "the same entries under a higher version",
                &["DEVICE-3"],
                &["LostUpdate"],
            ),
            account.next(|_| ()),
            not_one,
            None,
        ),
        (
            about("next/two-changed", "two devices at once", &["DEVICE-3"], &["LostUpdate"]),
            account.next(|list| {
                list.entries[0].suites.clear();
                list.entries[1].suites.clear();
            }),
            not_one,
            None,
        ),
        (
            about("next/left-out", "a device is left out", &["DEVICE-3"], &["LostUpdate"]),
            account.next(|list| drop(list.entries.remove(0))),
            not_one,
            conflict,
        ),
        (
            about(
                "next/closed-left-out",
                "a closed device is left out",
                &["DEVICE-3"],
                &["Rollback"],
            ),
            account.next(|list| drop(list.entries.remove(2))),
            not_one,
            Some("device_id_closed"),
        ),
        (
            about("next/begins-closed", "a device that was never open", &["DEVICE-3"], &[]),
            account.next(|list| {
                list.entries.push(Entry { suites: Vec::new(), ..fourth.clone() });
            }),
            not_one,
            None,
        ),
        (
            about("next/reopened", "a closed device is open again", &["DEVICE-5"], &["Rollback"]),
            account.next(|list| list.entries[2].suites = RATCHETS.to_vec()),
            Some("device_id_closed"),
            Some("device_id_closed"),
        ),
        (
            about(
                "next/reopened-anew",
                "the same in a new incarnation",
                &["DEVICE-5"],
                &["Rollback"],
            ),
            account.next(|list| {
                list.entries[2].suites = RATCHETS.to_vec();
                list.entries[2].incarnation[0] ^= 1;
            }),
            Some("device_id_closed"),
            Some("device_id_closed"),
        ),
        (
            about("next/lower-level", "ratchets given up for boxes", &["DEVICE-6"], &["Downgrade"]),
            account.next(lower),
            Some("capability_regression"),
            Some("capability_regression"),
        ),
        (
            about(
                "next/lower-level-anew",
                "the same in a new incarnation",
                &["DEVICE-6"],
                &["Downgrade"],
            ),
            account.next(|list| {
                lower(list);
                list.entries[0].incarnation[0] ^= 1;
            }),
            Some("capability_regression"),
            Some("capability_regression"),
        ),
        (
            about(
                "next/unknown-suites-only",
                "suites that nobody knows are below level 1",
                &["DEVICE-6"],
                &["Downgrade"],
            ),
            account.next(|list| list.entries[0].suites = vec![0x7777]),
            Some("capability_regression"),
            Some("capability_regression"),
        ),
        (
            about(
                "next/made-from-older",
                "made from an older version",
                &["DEVICE-2"],
                &["LostUpdate"],
            ),
            account.next(|list| {
                list.previous -= 1;
                list.entries[0].suites.clear();
            }),
            conflict,
            None,
        ),
        (
            about("next/made-from-newer", "made from a version not held", &["DEVICE-2"], &[]),
            account.next(|list| {
                list.previous += 1;
                list.version += 1;
                list.entries[0].suites.clear();
            }),
            conflict,
            None,
        ),
        (
            about("next/older", "an older list", &["DEVICE-2"], &["Rollback"]),
            account.signed(|list| {
                list.version -= 1;
                list.entries.truncate(1);
            }),
            conflict,
            Some("record_rollback"),
        ),
        (
            about(
                "next/same-version",
                "another list of the same version",
                &["DEVICE-2"],
                &["Rollback"],
            ),
            account.signed(|list| {
                list.entries[0].suites.clear();
            }),
            conflict,
            conflict,
        ),
        (
            about("next/other-account", "of another account", &["DEVICE-10"], &["Forged"]),
            account.next(|list| list.account_id[0] ^= 1),
            Some("record_foreign"),
            Some("record_foreign"),
        ),
        (
            about("next/other-identity", "under another identity key", &["DEVICE-10"], &["Forged"]),
            other_identity(account),
            Some("record_foreign"),
            Some("record_foreign"),
        ),
    ]
}

fn other_identity(account: &Account) -> Vec<u8> {
    let identity = clamp([0x77; 32]);
    let mut list = account.list.clone();
    (list.version, list.previous) = (list.version + 1, list.version);
    list.identity_key = public_of(&identity);
    list.sign(&identity, &RANDOM)
}

fn successor_vector(
    about: About,
    suffix: &str,
    held: Option<&[u8]>,
    new: &[u8],
    outcome: Outcome<(&'static str, u8)>,
    expected: Option<&str>,
) -> Made<Vector> {
    let change = outcome.clone().ok();
    let output = json!({
        "code": code(about.id, outcome, expected)?,
        "change": change.map(|(change, _)| change), "device_id": change.map(|(_, id)| id),
    });
    let input = json!({ "held": held.map(hexed), "device_list": hexed(new) });
    let mut vector = about.vector("device list successor", input, output);
    vector.id += suffix;
    Ok(vector)
}

fn first_lists(account: &Account) -> Made<Vec<Vector>> {
    let about = |id, comment, requirement| About::new(id, comment, requirement, &[]);
    let first = |list: &mut DeviceList, devices| {
        list.previous = 0;
        list.entries.truncate(devices);
    };
    [
        (
            about("next/first", "the first list", &["DEVICE-2"]),
            account.signed(|list| first(list, 1)),
            None,
        ),
        (
            about("next/first-of-two", "the first list with two devices", &["DEVICE-3"]),
            account.signed(|list| first(list, 2)),
            Some("record_not_one_device"),
        ),
        (
            about(
                "next/first-made-from-another",
                "made from a list that is not there",
                &["DEVICE-2"],
            ),
            account.signed(|list| list.entries.truncate(1)),
            Some("record_conflict"),
        ),
    ]
    .into_iter()
    .map(|(about, new, expected)| {
        let outcome = DeviceList::verify(&new).and_then(|new| successor(None, &new));
        successor_vector(about, "", None, &new, outcome, expected)
    })
    .collect()
}

/// A lower level that the user agreed to.
fn consent(account: &Account, held: &[u8]) -> Made<Vec<Vector>> {
    let about = |id, comment| About::new(id, comment, &[], &["Downgrade"]);
    let mut incarnation = account.list.entries[0].incarnation;
    let within = account.next(|list| list.entries[0].suites = BOXES.to_vec());
    let refused = Some("capability_regression");
    let first =
        (about("next/consent-within", "none within an incarnation"), within, incarnation, refused);
    incarnation[0] ^= 1;
    let anew = account.next(|list| {
        list.entries[0].suites = BOXES.to_vec();
        list.entries[0].incarnation = incarnation;
    });
    let second =
        (about("next/consent-anew", "consent to a new incarnation"), anew, incarnation, None);
    let mut made = Vec::new();
    for (about, new, incarnation, expected) in [first, second] {
        let code = code(about.id, newer(held, &new, &[incarnation]), expected)?;
        let input = json!({
            "held": hexed(held), "device_list": hexed(&new), "consented": [hexed(incarnation)]
        });
        made.push(about.vector("device list newer", input, json!({ "code": code })));
    }
    let about = About::new("next/same-bytes", "the list that is held", &[], &[]);
    let code = code(about.id, newer(held, held, &[]), None)?;
    let input = json!({ "held": hexed(held), "device_list": hexed(held), "consented": [] });
    made.push(about.vector("device list newer", input, json!({ "code": code })));
    Ok(made)
}
