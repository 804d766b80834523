//! spec/server/key-service.md#registering.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_vectors::naive::{bugs::Bugs, keys::KeyPair};
use serde_json::{Value, json};

use super::signatures;
use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        account::{Account, paths},
        client::Request,
        list::{self, DeviceList},
        person::Person,
        prekeys::{SignedPrekey, Suite, rotation},
        registration::Registration,
        reply::Reply,
        run::ServerRun,
        statements,
    },
};

/// The cases about registrations and signed prekeys.
pub const CASES: &[Case] = &[
    Case::server(
        "server/key-service/register/signature",
        &["KEYS-1"],
        &[],
        Severity::Security,
        signature,
    ),
    Case::server(
        "server/key-service/register/nonce-twice",
        &["KEYS-2"],
        &[],
        Severity::Security,
        nonce_twice,
    ),
    Case::server(
        "server/key-service/register/timestamp",
        &["KEYS-3"],
        &[],
        Severity::Security,
        timestamp,
    ),
    Case::server(
        "server/key-service/register/other-identity",
        &["KEYS-4"],
        &[],
        Severity::Security,
        other_identity,
    ),
    Case::server(
        "server/key-service/register/bound-login",
        &["KEYS-19"],
        &[],
        Severity::Security,
        bound_login,
    ),
    Case::server(
        "server/key-service/signed-prekey/signature@signal-v3",
        &["KEYS-5"],
        &["signal-v3"],
        Severity::Security,
        |run| signed_prekey(run, Suite::SignalV3),
    ),
    Case::server(
        "server/key-service/signed-prekey/signature@ratchet-chacha20",
        &["KEYS-5"],
        &["ratchet-chacha20"],
        Severity::Security,
        |run| signed_prekey(run, Suite::RatchetChacha20),
    ),
    Case::server(
        "server/key-service/signatures/one-encoding",
        &["KEYS-6"],
        &[],
        Severity::Security,
        one_encoding,
    ),
    Case::server(
        "server/key-service/signed-prekey/id-rises",
        &["KEYS-7"],
        &[],
        Severity::Security,
        id_rises,
    ),
];

fn send(account: &Account, body: &Value) -> Result<Reply, Stop> {
    account.client.send(&Request::post(paths::REGISTER, body).token(&account.tokens.access))
}

/// The account has no keys, and its honest registration is served.
fn still_free(run: &mut ServerRun, account: Account) -> Outcome {
    account.get(paths::ME)?.ok(200)?.expect("/identity_key", &Value::Null)?;
    let honest = Registration::first(&account, 1, &mut run.draw);
    Person::begin(account, honest, &mut run.draw).map(drop)
}

fn signature(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let stranger = KeyPair::new(run.draw.private_key(), Bugs::NONE);
    let honest = Registration::first(&account, 2, &mut run.draw);
    let signed = |registration: &Registration, by: &KeyPair, run: &mut ServerRun| {
        let mut body = honest.body(&mut run.draw);
        let signature = list::sign(by, &registration.statement().bytes(), &mut run.draw);
        if let Some(members) = body.as_object_mut() {
            members.insert("signature".into(), json!(STANDARD.encode(signature)));
        }
        body
    };
    let mut others = vec![signed(&honest, &stranger, run)];
    let changes: [fn(&mut Registration); 6] = [
        |of| of.account = [7; 16],
        |of| of.entry.device_id += 1,
        |of| of.entry.incarnation = [7; 16],
        |of| of.nonce = [7; 16],
        |of| of.timestamp_ms += 1,
        |of| of.keys.iter_mut().for_each(|keys| keys.one_time.truncate(1)),
    ];
    for change in changes {
        let mut other = honest.clone();
        change(&mut other);
        others.push(signed(&other, &account.identity, run));
    }
    for body in others {
        send(&account, &body)?.refused(403, "signature_invalid")?;
    }
    still_free(run, account)
}

/// A registration of a second device under a fresh login.
fn second(run: &mut ServerRun, person: &Person) -> Result<(Registration, String), Stop> {
    let keys = run.keys(&[(Suite::SignalV3, 1)], &person.account.identity);
    let login = person.account.login()?;
    let next = Registration::next(&person.list, &person.account.identity, 2, keys, &mut run.draw);
    Ok((next, login.access))
}

fn nonce_twice(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let first = Registration::first(&account, 1, &mut run.draw);
    let nonce = first.nonce;
    let mut person = Person::begin(account, first, &mut run.draw)?;
    let (mut again, access) = second(run, &person)?;
    again.nonce = nonce;
    Person::register(&person.account, &access, &again, &mut run.draw)?
        .refused(409, "nonce_reused")?;
    let devices = person.first()?.get(paths::DEVICES)?.ok(200)?;
    devices.expect_that(devices.list("/devices")?.len() == 1, "one device, as before")?;
    run.add_device(&mut person, 1)
}

fn timestamp(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let window = run.limit("clock_window_seconds")? * 1000;
    let now = statements::now_ms();
    for wrong in [now + window + 60_000, now.saturating_sub(window + 60_000), 0] {
        let mut other = Registration::first(&account, 1, &mut run.draw);
        other.timestamp_ms = wrong;
        send(&account, &other.body(&mut run.draw))?.refused(422, "timestamp_out_of_window")?;
    }
    still_free(run, account)
}

fn other_identity(run: &mut ServerRun) -> Outcome {
    let (mut person, asking) = (run.person_with(1)?, run.account()?);
    let shown = || asking.get(paths::user(person.id()))?.ok(200)?.text("/identity_key");
    let before = shown()?;
    let stranger = KeyPair::new(run.draw.private_key(), Bugs::NONE);
    let lists = [
        DeviceList { identity: stranger.public, ..person.list.clone() },
        DeviceList {
            identity: stranger.public,
            version: 0,
            previous: 0,
            entries: Vec::new(),
            ..person.list.clone()
        },
    ];
    for (list, device_id) in lists.iter().zip([2, 1]) {
        let keys = run.keys(&[(Suite::SignalV3, 1)], &stranger);
        let theirs = Registration::next(list, &stranger, device_id, keys, &mut run.draw);
        let login = person.account.login()?;
        let reply = Person::register(&person.account, &login.access, &theirs, &mut run.draw)?;
        reply.refused(409, "identity_mismatch")?;
    }
    let after = asking.get(paths::user(person.id()))?.ok(200)?;
    after.expect("/identity_key", &json!(before))?;
    run.add_device(&mut person, 1)
}

fn bound_login(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(1)?;
    let (other, _) = second(run, &person)?;
    let bound = person.first()?.tokens.access.clone();
    Person::register(&person.account, &bound, &other, &mut run.draw)?
        .refused(409, "login_bound")?;
    person.first()?.get(paths::ME)?.ok(200)?.expect("/device_id", &json!(1))?;
    run.add_device(&mut person, 1)
}

fn signed_prekey(run: &mut ServerRun, suite: Suite) -> Outcome {
    let person = run.person_in(&[(suite, 1)])?;
    let device = person.first()?;
    let stranger = KeyPair::new(run.draw.private_key(), Bugs::NONE);
    let honest = SignedPrekey::fresh(suite, 2, &device.identity, &mut run.draw);
    let mut wrong = vec![SignedPrekey::fresh(suite, 2, &stranger, &mut run.draw)];
    let mut exchanged = honest.clone();
    exchanged.public = SignedPrekey::fresh(suite, 2, &device.identity, &mut run.draw).public;
    wrong.push(exchanged);
    wrong.push(SignedPrekey { signature: vec![0; 64], ..honest.clone() });
    if suite == Suite::RatchetChacha20 {
        // This suite signs the id too, and a label.
        wrong.push(SignedPrekey { id: 3, ..honest.clone() });
        let bare = list::sign(&device.identity, &honest.public, &mut run.draw);
        wrong.push(SignedPrekey { signature: bare.to_vec(), ..honest.clone() });
    }
    for prekey in &wrong {
        device
            .post(paths::ROTATE, &rotation(suite, prekey))?
            .refused(422, "prekey_signature_invalid")?;
        let replace =
            json!({"suite": suite.name(), "signed_prekey": prekey.json(), "one_time_prekeys": []});
        device.put(paths::PREKEYS, &replace)?.refused(422, "prekey_signature_invalid")?;
    }
    let account = run.account()?;
    let mut other = Registration::first(&account, 0, &mut run.draw);
    let keys = run.keys(&[(suite, 0)], &account.identity);
    other = Registration::next(
        &DeviceList { version: 0, previous: 0, entries: Vec::new(), ..other.list },
        &account.identity,
        1,
        keys,
        &mut run.draw,
    );
    other.keys.iter_mut().for_each(|keys| keys.signed.signature = vec![0; 64]);
    send(&account, &other.body(&mut run.draw))?.refused(422, "prekey_signature_invalid")?;
    still_free(run, account)?;
    let stock = device.stock(suite)?;
    crate::expect::expect_that(
        stock.signed_id == 1 && stock.left == 1,
        "the keys after refusals",
        "signed prekey 1, one left",
        format!("{stock:?}"),
    )?;
    device.post(paths::ROTATE, &rotation(suite, &honest))?.ok(200).map(drop)
}

fn one_encoding(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    let device = person.first()?;
    let honest = SignedPrekey::fresh(Suite::SignalV3, 2, &device.identity, &mut run.draw);
    let unreduced =
        SignedPrekey { signature: signatures::plus_order(&honest.signature), ..honest.clone() };
    device
        .post(paths::ROTATE, &rotation(Suite::SignalV3, &unreduced))?
        .refused(422, "prekey_signature_invalid")?;

    let next = person.list.with(&super::devices::reboxed(&person, &mut run.draw)?);
    let bytes = next.bytes();
    let signature = list::sign(&device.identity, &bytes, &mut run.draw);
    for form in [
        signatures::plus_order(&signature),
        signatures::sign_bit(&signature),
        signatures::high_bits(&signature),
    ] {
        let list = STANDARD.encode([bytes.as_slice(), &form].concat());
        person.upload_raw_list(&list)?.refused(403, "signature_invalid")?;
    }

    let account = run.account()?;
    let registration = Registration::first(&account, 0, &mut run.draw);
    let body = registration.body(&mut run.draw);
    let signature = list::sign(&account.identity, &registration.statement().bytes(), &mut run.draw);
    for form in [signatures::plus_order(&signature), signatures::sign_bit(&signature)] {
        let mut other = body.clone();
        if let Some(members) = other.as_object_mut() {
            members.insert("signature".into(), json!(STANDARD.encode(form)));
        }
        send(&account, &other)?.refused(403, "signature_invalid")?;
    }
    still_free(run, account)?;
    device.post(paths::ROTATE, &rotation(Suite::SignalV3, &honest))?.ok(200).map(drop)
}

fn id_rises(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    let device = person.first()?;
    let fresh = |id, run: &mut ServerRun| {
        SignedPrekey::fresh(Suite::SignalV3, id, &device.identity, &mut run.draw)
    };
    let rotate =
        |prekey: &SignedPrekey| device.post(paths::ROTATE, &rotation(Suite::SignalV3, prekey));
    let first = device.keys.first().map(|keys| keys.signed.clone());
    let (third, seventh) = (fresh(3, run), fresh(7, run));
    rotate(&third)?.ok(200)?;
    // The answer was lost: a repeat changes nothing.
    rotate(&third)?.ok(200)?.expect("/id", &json!(3))?;
    rotate(&seventh)?.ok(200)?;
    let again = [first, Some(third), Some(fresh(6, run)), Some(fresh(7, run))];
    for old in again.iter().flatten() {
        rotate(old)?.refused(409, "prekey_id_rollback")?;
    }
    let held = device.stock(Suite::SignalV3)?.signed_id;
    crate::expect::expect_that(
        held == 7,
        "the signed prekey after refusals",
        "7",
        held.to_string(),
    )?;
    let next = fresh(8, run);
    rotate(&next)?.ok(200).map(drop)
}
