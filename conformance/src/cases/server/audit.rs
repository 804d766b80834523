//! spec/server/audit.md: the log of an account's key events.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    expect::expect_that,
    server::{
        account::paths,
        client::Request,
        device::Device,
        person::Person,
        prekeys::{SignedPrekey, Suite, SuiteKeys, rotation},
        reply::Reply,
        run::ServerRun,
        statements,
    },
};

/// The chapter's cases.
pub const CASES: &[Case] = &[
    Case::server(
        "server/audit/entries/each-event",
        &["AUDIT-1"],
        &[],
        Severity::Security,
        each_event,
    ),
    Case::server("server/audit/chain/recomputed", &["AUDIT-2"], &[], Severity::Security, chain),
    Case::server("server/audit/head/signed", &["AUDIT-3"], &[], Severity::Security, head),
    Case::server(
        "server/audit/entries/never-change",
        &["AUDIT-4"],
        &[],
        Severity::Security,
        never_change,
    ),
];

fn log(of: &Person) -> Result<Reply, Stop> {
    of.first()?.get(format!("{}?limit=1000", paths::audit(of.id())))?.ok(200)
}

fn rotate(run: &mut ServerRun, device: &Device, id: u32) -> Result<SignedPrekey, Stop> {
    let signed = SignedPrekey::fresh(Suite::SignalV3, id, &device.identity, &mut run.draw);
    device.post(paths::ROTATE, &rotation(Suite::SignalV3, &signed))?.ok(200)?;
    Ok(signed)
}

/// What an entry of a signed prekey holds.
fn signed_event(device_id: u8, signed: &SignedPrekey) -> Vec<u8> {
    let mut payload = vec![3, device_id];
    payload.extend(Suite::SignalV3.number().to_be_bytes());
    payload.extend(signed.id.to_be_bytes());
    payload.extend(&signed.public);
    payload
}

/// What an entry of the list that holds shows.
fn list_event(person: &Person) -> Result<Vec<u8>, Stop> {
    let (held, version) = person.held_list()?;
    let mut payload = vec![2];
    payload.extend(version.to_be_bytes());
    payload.extend(Sha256::digest(STANDARD.decode(held).unwrap_or_default()));
    Ok(payload)
}

fn first_signed(device: &Device) -> SignedPrekey {
    let none = SignedPrekey { id: 0, public: Vec::new(), signature: Vec::new() };
    device.keys.first().map_or(none, |keys: &SuiteKeys| keys.signed.clone())
}

fn each_event(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(1)?;
    let mut expected = vec![
        ("identity_set", [vec![1], person.account.identity.public.to_vec()].concat()),
        ("device_list", list_event(&person)?),
        ("signed_prekey", signed_event(1, &first_signed(person.first()?))),
    ];
    let rotated = rotate(run, person.first()?, 2)?;
    expected.push(("signed_prekey", signed_event(1, &rotated)));
    run.add_device(&mut person, 0)?;
    expected.push(("device_list", list_event(&person)?));
    expected.push(("signed_prekey", signed_event(2, &first_signed(person.device(1)?))));
    let replaced = SuiteKeys {
        suite: Suite::SignalV3,
        signed: SignedPrekey::fresh(Suite::SignalV3, 3, &person.account.identity, &mut run.draw),
        one_time: Vec::new(),
    };
    person.first()?.put(paths::PREKEYS, &replaced.json())?.ok(200)?;
    expected.push(("signed_prekey", signed_event(1, &replaced.signed)));
    let entry = super::devices::reboxed(&person, &mut run.draw)?;
    person.change_list(&entry, &mut run.draw)?.ok(200)?;
    expected.push(("device_list", list_event(&person)?));
    person.revoke(2)?.ok(204)?;
    expected.push(("device_revoked", vec![4, 2]));
    let log = log(&person)?;
    let told: Vec<_> = log
        .list("/entries")?
        .iter()
        .map(|entry| {
            (
                entry.get("kind").cloned().unwrap_or_default(),
                entry.get("payload").cloned().unwrap_or_default(),
            )
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(kind, payload)| (json!(kind), json!(STANDARD.encode(payload))))
        .collect();
    let at = told.iter().zip(&expected).take_while(|(left, right)| left == right).count();
    expect_that(
        told == expected,
        format!("the log, differs from entry {} on", at + 1).as_str(),
        format!("{} entries, there {:?}", expected.len(), expected.get(at)),
        format!("{} entries, there {:?}", told.len(), told.get(at)),
    )
}

/// One entry of a log, read.
struct Entry {
    sequence: u64,
    at_ms: u64,
    payload: Vec<u8>,
    hash: Vec<u8>,
}

fn entries(log: &Reply) -> Result<Vec<Entry>, Stop> {
    let read = |entry: &Value| -> Option<Entry> {
        let bytes = |key: &str| STANDARD.decode(entry.get(key)?.as_str()?).ok();
        Some(Entry {
            sequence: entry.get("sequence")?.as_u64()?,
            at_ms: statements::time_ms(entry.get("at")?.as_str()?)?,
            payload: bytes("payload")?,
            hash: bytes("hash")?,
        })
    };
    let wrong = || log.failure("entries with sequence, at, payload and hash").into();
    log.list("/entries")?.iter().map(|entry| read(entry).ok_or_else(wrong)).collect()
}

fn chain(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    for id in 2..5 {
        rotate(run, person.first()?, id)?;
    }
    let log = log(&person)?;
    let mut before = [0; 32];
    for (number, entry) in (1..).zip(entries(&log)?) {
        log.expect_that(
            entry.sequence == number,
            format!("sequence {number}, not {}", entry.sequence),
        )?;
        before = statements::audit_hash(
            &person.account.uuid(),
            number,
            entry.at_ms,
            &before,
            &entry.payload,
        );
        log.expect_that(
            entry.hash == before,
            format!("hash {} of entry {number}", STANDARD.encode(before)),
        )?;
    }
    log.expect("/head/hash", &json!(STANDARD.encode(before)))?;
    log.expect("/next", &Value::Null)?;
    // Read in pieces it is the same.
    let piece =
        person.first()?.get(format!("{}?after=2&limit=2", paths::audit(person.id())))?.ok(200)?;
    piece.expect("/entries/0/sequence", &json!(3))?;
    piece.expect_that(piece.list("/entries")?.len() == 2, "two entries")?;
    piece.expect("/head/sequence", log.at("/head/sequence")?)
}

fn head(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    rotate(run, person.first()?, 2)?;
    let log = log(&person)?;
    let document = run.client.send(&Request::get(paths::CAPABILITIES))?.ok(200)?;
    log.expect("/signing_key", document.at("/signing_key")?)?;
    let count = u64::try_from(log.list("/entries")?.len()).unwrap_or_default();
    log.expect("/head/sequence", &json!(count))?;
    let bytes = |pointer: &str| -> Result<Vec<u8>, Stop> {
        Ok(STANDARD.decode(log.text(pointer)?).unwrap_or_default())
    };
    let hash: [u8; 32] = bytes("/head/hash")?.try_into().unwrap_or_default();
    let key: [u8; 32] = bytes("/signing_key")?.try_into().unwrap_or_default();
    let at = statements::time_ms(&log.text("/head/at")?).unwrap_or_default();
    let signed = statements::audit_head(&person.account.uuid(), count, &hash, at);
    let signature = Signature::from_slice(&bytes("/head/signature")?);
    let verifies = VerifyingKey::from_bytes(&key)
        .ok()
        .zip(signature.ok())
        .is_some_and(|(key, signature)| key.verify_strict(&signed, &signature).is_ok());
    log.expect_that(verifies, "a head that verifies under the published signing key")
}

fn never_change(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    rotate(run, person.first()?, 2)?;
    let before = log(&person)?.list("/entries")?.to_vec();
    rotate(run, person.first()?, 3)?;
    run.add_device(&mut person, 0)?;
    person.revoke(2)?.ok(204)?;
    rotate(run, person.first()?, 4)?;
    let after = log(&person)?;
    let kept = after.list("/entries")?.get(..before.len()).unwrap_or_default().to_vec();
    after.expect_that(kept == before, "the earlier entries as they were")?;
    let more = after.list("/entries")?.len();
    after.expect_that(more > before.len() + 4, "more entries behind them")
}
