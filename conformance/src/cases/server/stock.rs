//! spec/server/key-service.md: one-time prekeys, their ids and their stock.

use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    expect::expect_that,
    server::{
        account::paths,
        device::{Device, served_one},
        list,
        prekeys::{OneTimePrekey, SignedPrekey, Suite, SuiteKeys, rotation},
        reply::Reply,
        run::ServerRun,
        statements,
    },
};

/// The cases about one-time prekeys.
pub const CASES: &[Case] = &[
    Case::server("server/key-service/upload/listed", &["KEYS-8"], &[], Severity::Interop, listed),
    Case::server(
        "server/key-service/upload/all-or-nothing",
        &["KEYS-9"],
        &[],
        Severity::Interop,
        all_or_nothing,
    ),
    Case::server(
        "server/key-service/upload/conflict",
        &["KEYS-10"],
        &[],
        Severity::Security,
        conflict,
    ),
    Case::server(
        "server/key-service/upload/id-range",
        &["KEYS-11"],
        &[],
        Severity::Interop,
        id_range,
    ),
    Case::server(
        "server/key-service/upload/issued-again",
        &["KEYS-12"],
        &[],
        Severity::Security,
        issued_again,
    ),
    Case::server(
        "server/key-service/upload/rollback",
        &["KEYS-18"],
        &[],
        Severity::Security,
        rollback,
    ),
    Case::server(
        "server/key-service/upload/native-signatures",
        &["KEYS-17"],
        &["ratchet-chacha20"],
        Severity::Security,
        native_signatures,
    ),
    Case::server("server/key-service/stats/zero", &["KEYS-13"], &[], Severity::Interop, zero),
    Case::server("server/key-service/check/drift", &["KEYS-14"], &[], Severity::Interop, drift),
    Case::server(
        "server/key-service/replace/ids",
        &["KEYS-15"],
        &[],
        Severity::Security,
        replace_ids,
    ),
    Case::server(
        "server/key-service/replace/whole",
        &["KEYS-20"],
        &[],
        Severity::Security,
        replace_whole,
    ),
    Case::server("server/key-service/cleanup/below", &["KEYS-16"], &[], Severity::Interop, cleanup),
];

const SUITE: Suite = Suite::SignalV3;

fn fresh(run: &mut ServerRun, device: &Device, ids: &[u32]) -> Vec<OneTimePrekey> {
    OneTimePrekey::several(SUITE, ids.iter().copied(), &device.identity, &mut run.draw)
}

/// The prekeys that the device was registered with.
fn registered(device: &Device) -> Vec<OneTimePrekey> {
    device.keys.first().map(|keys| keys.one_time.clone()).unwrap_or_default()
}

/// An upload refused with these ids and codes, in any order; one that is told twice counts once.
fn rejected(reply: &Reply, expected: &[(u32, &str)]) -> Outcome {
    reply.refused(422, "prekeys_rejected")?;
    let mut told: Vec<_> = reply.list("/rejected")?.to_vec();
    let id = |row: &Value| row.get("id").and_then(Value::as_u64);
    told.sort_by_key(id);
    told.dedup();
    let rows: Vec<_> = expected.iter().map(|(id, code)| json!({"id": id, "code": code})).collect();
    reply.expect_that(told == rows, format!("rejected {}", json!(rows)))
}

fn has(device: &Device, left: u64) -> Outcome {
    let stock = device.stock(SUITE)?;
    expect_that(stock.left == left, "the stock", left.to_string(), stock.left.to_string())
}

/// Claims once; the id of what was served.
fn claim(run: &mut ServerRun, caller: &Device, of: &Device) -> Result<Option<u64>, Stop> {
    served_one(&caller.claim(&of.account_id, SUITE, &mut run.draw)?.ok(200)?)
}

fn serves(run: &mut ServerRun, caller: &Device, of: &Device, expected: &[Option<u64>]) -> Outcome {
    for expected in expected {
        let served = claim(run, caller, of)?;
        expect_that(
            served == *expected,
            "the one-time prekey served next",
            format!("{expected:?}"),
            format!("{served:?}"),
        )?;
    }
    Ok(())
}

fn listed(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(2)?;
    let device = person.first()?;
    let new = fresh(run, device, &[3, 4, 5]);
    let reply = device.upload(SUITE, &new)?.ok(200)?;
    reply.expect("/accepted", &json!([3, 4, 5]))?;
    reply.expect("/already_present", &json!([]))?;
    // The answer was lost; meanwhile one more is made.
    let more = [new, fresh(run, device, &[6])].concat();
    let reply = device.upload(SUITE, &more)?.ok(200)?;
    reply.expect("/accepted", &json!([6]))?;
    reply.expect("/already_present", &json!([3, 4, 5]))?;
    has(device, 6)
}

fn all_or_nothing(run: &mut ServerRun) -> Outcome {
    let (person, caller) = (run.person_with(3)?, run.person_with(0)?);
    let device = person.first()?;
    let good = fresh(run, device, &[4, 6]);
    let conflicting = fresh(run, device, &[2]);
    let mut malformed = fresh(run, device, &[5]);
    malformed.iter_mut().for_each(|prekey| prekey.public.truncate(20));
    let all = [good.clone(), conflicting, malformed, fresh(run, device, &[0])].concat();
    let reply = device.upload(SUITE, &all)?;
    rejected(
        &reply,
        &[(0, "prekey_id_out_of_range"), (2, "prekey_id_conflict"), (5, "prekey_malformed")],
    )?;
    reply.expect("/accepted", &json!([]))?;
    has(device, 3)?;
    let twice = [good.clone(), fresh(run, device, &[6])].concat();
    rejected(&device.upload(SUITE, &twice)?, &[(6, "duplicate_in_request")])?;
    has(device, 3)?;
    // Were 4 or 6 stored, they would be present already.
    device.upload(SUITE, &good)?.ok(200)?.expect("/accepted", &json!([4, 6]))?;
    serves(run, caller.first()?, device, &[Some(1), Some(2), Some(3), Some(4), Some(6), None])
}

fn conflict(run: &mut ServerRun) -> Outcome {
    let (person, caller) = (run.person_with(2)?, run.person_with(0)?);
    let device = person.first()?;
    claim(run, caller.first()?, device)?;
    for id in [1, 2] {
        let other = fresh(run, device, &[id]);
        rejected(&device.upload(SUITE, &other)?, &[(id, "prekey_id_conflict")])?;
    }
    let kept = registered(device).get(1).map(OneTimePrekey::json).unwrap_or_default();
    let reply = caller.first()?.claim(person.id(), SUITE, &mut run.draw)?.ok(200)?;
    reply.expect("/devices/0/one_time_prekey", &kept)
}

fn id_range(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(1)?;
    let device = person.first()?;
    for id in [0, 16_777_216, u32::MAX] {
        let prekeys = fresh(run, device, &[id]);
        rejected(&device.upload(SUITE, &prekeys)?, &[(id, "prekey_id_out_of_range")])?;
        let signed = SignedPrekey::fresh(SUITE, id, &device.identity, &mut run.draw);
        device
            .post(paths::ROTATE, &rotation(SUITE, &signed))?
            .refused(422, "prekey_id_out_of_range")?;
    }
    has(device, 1)?;
    let last = fresh(run, device, &[16_777_215]);
    device.upload(SUITE, &last)?.ok(200)?.expect("/accepted", &json!([16_777_215]))
}

fn issued_again(run: &mut ServerRun) -> Outcome {
    let (person, caller) = (run.person_with(3)?, run.person_with(0)?);
    let (device, caller) = (person.first()?, caller.first()?);
    serves(run, caller, device, &[Some(1)])?;
    let reply = device.upload(SUITE, &registered(device))?.ok(200)?;
    reply.expect("/accepted", &json!([]))?;
    reply.expect("/already_present", &json!([1, 2, 3]))?;
    has(device, 2)?;
    serves(run, caller, device, &[Some(2), Some(3), None])
}

fn rollback(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(2)?;
    let device = person.first()?;
    let far = fresh(run, device, &[20]);
    device.upload(SUITE, &far)?.ok(200)?;
    for id in [3, 15, 19] {
        let old = fresh(run, device, &[id]);
        rejected(&device.upload(SUITE, &old)?, &[(id, "prekey_id_rollback")])?;
    }
    has(device, 3)?;
    // Within one request the ids may stand in any order.
    let mixed = fresh(run, device, &[23, 21, 22]);
    device.upload(SUITE, &mixed)?.ok(200)?;
    has(device, 6)
}

fn native_signatures(run: &mut ServerRun) -> Outcome {
    let suite = Suite::RatchetChacha20;
    let person = run.person_in(&[(suite, 1)])?;
    let device = person.first()?;
    let make =
        |id, run: &mut ServerRun| OneTimePrekey::fresh(suite, id, &device.identity, &mut run.draw);
    let honest = make(2, run);
    let bare = list::sign(&device.identity, &honest.public, &mut run.draw).to_vec();
    let wrong = [
        OneTimePrekey { signature: None, ..honest.clone() },
        OneTimePrekey { signature: Some(vec![0; 64]), ..honest.clone() },
        OneTimePrekey { signature: Some(bare), ..honest.clone() },
        OneTimePrekey { signature: make(2, run).signature, ..honest.clone() },
        OneTimePrekey { id: 3, ..honest.clone() },
    ];
    for prekey in wrong {
        let id = prekey.id;
        rejected(&device.upload(suite, &[prekey])?, &[(id, "prekey_signature_invalid")])?;
    }
    let left = device.stock(suite)?.left;
    expect_that(left == 1, "the stock", "1", left.to_string())?;
    device.upload(suite, &[honest])?.ok(200)?.expect("/accepted", &json!([2]))
}

fn zero(run: &mut ServerRun) -> Outcome {
    let (person, caller) = (run.person_with(1)?, run.person_with(0)?);
    let caller = caller.first()?;
    has(caller, 0)?;
    has(person.first()?, 1)?;
    serves(run, caller, person.first()?, &[Some(1)])?;
    let stock = person.first()?.stock(SUITE)?;
    expect_that(
        stock.left == 0 && stock.issued == 1,
        "the stock",
        "0 left, 1 issued",
        format!("{stock:?}"),
    )
}

fn drift(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(1)?;
    let device = person.first()?;
    let check = |signed: &SignedPrekey| {
        let digest = statements::check_digest(
            &device.identity.public,
            SUITE.number(),
            signed.id,
            &signed.public,
            &signed.signature,
        );
        let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
        device.post(paths::CHECK, &json!({"suite": SUITE.name(), "digest": digest}))
    };
    let held = device.keys.first().map(|keys| keys.signed.clone()).unwrap_or(SignedPrekey {
        id: 1,
        public: Vec::new(),
        signature: Vec::new(),
    });
    check(&held)?.ok(204)?;
    let next = SignedPrekey::fresh(SUITE, 2, &device.identity, &mut run.draw);
    check(&next)?.refused(409, "keys_drifted")?;
    check(&SignedPrekey { id: 2, ..held.clone() })?.refused(409, "keys_drifted")?;
    device.post(paths::ROTATE, &rotation(SUITE, &next))?.ok(200)?;
    check(&held)?.refused(409, "keys_drifted")?;
    check(&next)?.ok(204).map(drop)
}

fn replace(run: &mut ServerRun, device: &Device, signed: u32, ids: &[u32]) -> Result<Reply, Stop> {
    let keys = SuiteKeys {
        suite: SUITE,
        signed: SignedPrekey::fresh(SUITE, signed, &device.identity, &mut run.draw),
        one_time: fresh(run, device, ids),
    };
    device.put(paths::PREKEYS, &keys.json())
}

fn replace_ids(run: &mut ServerRun) -> Outcome {
    let (person, caller) = (run.person_with(4)?, run.person_with(0)?);
    let (device, caller) = (person.first()?, caller.first()?);
    serves(run, caller, device, &[Some(1)])?;
    rejected(&replace(run, device, 2, &[1])?, &[(1, "prekey_id_conflict")])?;
    replace(run, device, 2, &[5, 6])?.ok(200)?.expect("/accepted", &json!([5, 6]))?;
    // Issued and removed ids stay used.
    rejected(
        &replace(run, device, 3, &[1, 3])?,
        &[(1, "prekey_id_conflict"), (3, "prekey_id_rollback")],
    )?;
    let removed: Vec<_> = registered(device).into_iter().filter(|prekey| prekey.id == 3).collect();
    rejected(&device.upload(SUITE, &removed)?, &[(3, "prekey_id_rollback")])?;
    replace(run, device, 1, &[7])?.refused(409, "prekey_id_rollback")?;
    has(device, 2)?;
    serves(run, caller, device, &[Some(5), Some(6), None])
}

fn replace_whole(run: &mut ServerRun) -> Outcome {
    let (person, caller) = (run.person_with(3)?, run.person_with(0)?);
    let (device, caller) = (person.first()?, caller.first()?);
    // One that is refused leaves everything as it is.
    rejected(&replace(run, device, 2, &[4, 0])?, &[(0, "prekey_id_out_of_range")])?;
    has(device, 3)?;
    let signed = device.stock(SUITE)?.signed_id;
    expect_that(
        signed == 1,
        "the signed prekey after a refused replacement",
        "1",
        signed.to_string(),
    )?;
    replace(run, device, 2, &[4, 5])?.ok(200)?;
    has(device, 2)?;
    serves(run, caller, device, &[Some(4), Some(5), None])?;
    replace(run, device, 3, &[])?.ok(200)?;
    has(device, 0)
}

fn cleanup(run: &mut ServerRun) -> Outcome {
    let (person, caller) = (run.person_with(6)?, run.person_with(0)?);
    let (device, caller) = (person.first()?, caller.first()?);
    serves(run, caller, device, &[Some(1)])?;
    let path = format!("{}?suite=signal-v3&below_id=4", paths::CLEANUP);
    device.delete(path.clone())?.ok(200)?.expect("/removed", &json!(2))?;
    device.delete(path)?.ok(200)?.expect("/removed", &json!(0))?;
    has(device, 3)?;
    let removed: Vec<_> = registered(device).into_iter().filter(|prekey| prekey.id == 2).collect();
    rejected(&device.upload(SUITE, &removed)?, &[(2, "prekey_id_rollback")])?;
    serves(run, caller, device, &[Some(4), Some(5), Some(6), None])
}
