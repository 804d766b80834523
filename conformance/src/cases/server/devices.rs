//! spec/server/devices.md: the signed device list. `revocation` has the rest of the chapter.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    case::{Case, Outcome, Severity, Stop},
    expect::expect_that,
    server::{
        account::paths,
        draw::Draw,
        list::{self, DeviceList, Entry},
        person::Person,
        prekeys::Suite,
        registration::Registration,
        run::ServerRun,
    },
};

/// The cases about lists.
pub const CASES: &[Case] = &[
    Case::server(
        "server/devices/list/signature",
        &["DEVICE-1"],
        &[],
        Severity::Security,
        signature,
    ),
    Case::server("server/devices/list/previous", &["DEVICE-2"], &[], Severity::Security, previous),
    Case::server(
        "server/devices/list/changes-in-parallel",
        &["DEVICE-2"],
        &[],
        Severity::Security,
        parallel_changes,
    ),
    Case::server(
        "server/devices/list/one-change",
        &["DEVICE-3"],
        &[],
        Severity::Security,
        one_change,
    ),
    Case::server("server/devices/list/version", &["DEVICE-4"], &[], Severity::Security, version),
    Case::server(
        "server/devices/list/closed-id",
        &["DEVICE-5"],
        &[],
        Severity::Security,
        closed_id,
    ),
    Case::server(
        "server/devices/list/regression",
        &["DEVICE-6"],
        &[],
        Severity::Security,
        regression,
    ),
    Case::server(
        "server/devices/list/canonical",
        &["DEVICE-7"],
        &[],
        Severity::Security,
        canonical,
    ),
    Case::server("server/devices/list/foreign", &["DEVICE-10"], &[], Severity::Security, foreign),
    Case::server(
        "server/devices/list/unlike-registration",
        &["DEVICE-14"],
        &[],
        Severity::Security,
        unlike_registration,
    ),
];

/// The first device's entry with another box key.
pub(super) fn reboxed(person: &Person, draw: &mut Draw) -> Result<Entry, Stop> {
    Ok(Entry { box_key: draw.bytes(), ..person.first()?.entry.clone() })
}

/// The list is as the judge believes, and an honest change is taken.
fn still_well(run: &mut ServerRun, person: &mut Person) -> Outcome {
    let (_, version) = person.held_list()?;
    let expected = person.list.version;
    expect_that(
        version == expected,
        "the version of the list",
        expected.to_string(),
        version.to_string(),
    )?;
    let entry = reboxed(person, &mut run.draw)?;
    let next = person.change_list(&entry, &mut run.draw)?.ok(200)?;
    next.expect("/version", &json!(person.list.version))
}

fn signature(run: &mut ServerRun) -> Outcome {
    let (mut alice, bob) = (run.person_with(0)?, run.person_with(0)?);
    let next = alice.list.with(&reboxed(&alice, &mut run.draw)?);
    let honest = list::signed(next.bytes(), &alice.account.identity, &mut run.draw);
    let flipped = |place: usize, bits: u8| {
        let mut bytes = honest.clone();
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= bits;
        }
        STANDARD.encode(bytes)
    };
    let end = honest.len();
    let wrong = [
        next.signed(&bob.account.identity, &mut run.draw),
        flipped(end - 64, 1),
        flipped(end - 10, 1),
        // A box key's bit: the list is another, the signature is not.
        flipped(26 + 16 + 33 + 8 + 8 + 1 + 1 + 16 + 4, 1),
        STANDARD.encode([next.bytes(), vec![0; 64]].concat()),
    ];
    for list in wrong {
        alice.upload_raw_list(&list)?.refused(403, "signature_invalid")?;
    }
    still_well(run, &mut alice)
}

fn previous(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    let entry = reboxed(&person, &mut run.draw)?;
    person.change_list(&entry, &mut run.draw)?.ok(200)?;
    let (held, version) = person.held_list()?;
    for previous in [0, version - 1, version + 1] {
        let mut next = person.list.with(&reboxed(&person, &mut run.draw)?);
        (next.previous, next.version) = (previous, version + 2);
        let reply = person.upload_list(&next, &mut run.draw)?;
        reply.refused(409, "device_list_conflict")?;
        reply.expect("/version", &json!(version))?;
        reply.expect("/current", &json!(held))?;
    }
    still_well(run, &mut person)
}

fn parallel_changes(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    let mut lists = Vec::new();
    for _ in 0..12 {
        let entry = reboxed(&person, &mut run.draw)?;
        lists.push(person.list.with(&entry));
    }
    let signed: Vec<_> =
        lists.iter().map(|list| list.signed(&person.account.identity, &mut run.draw)).collect();
    let replies = run.parallel(signed.len(), |at| {
        person.upload_raw_list(signed.get(at).map(String::as_str).unwrap_or_default())
    })?;
    let taken: Vec<_> = replies
        .iter()
        .enumerate()
        .filter(|(_, reply)| reply.status == 200)
        .map(|(at, _)| at)
        .collect();
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.refused(409, "device_list_conflict")?;
    }
    expect_that(
        taken.len() == 1,
        "parallel changes of one list",
        "one is taken",
        format!("{} are", taken.len()),
    )?;
    if let Some(list) = taken.first().and_then(|at| lists.get(*at)) {
        person.list = list.clone();
    }
    still_well(run, &mut person)
}

fn one_change(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    run.add_device(&mut person, 0)?;
    let (first, second) = (reboxed(&person, &mut run.draw)?, person.device(1)?.entry.clone());
    let again = |list: &DeviceList| DeviceList {
        version: list.version + 1,
        previous: list.version,
        ..list.clone()
    };
    let unchanged = again(&person.list);
    let mut both = person.list.with(&first);
    both.entries.retain(|entry| entry.device_id == 1);
    both.entries.push(Entry { box_key: run.draw.bytes(), ..second.clone() });
    let mut without = again(&person.list);
    without.entries.retain(|entry| entry.device_id == 1);
    let fresh = |device_id, draw: &mut Draw| Entry {
        device_id,
        incarnation: draw.bytes(),
        ..second.clone()
    };
    let mut two_more = again(&person.list);
    two_more.entries.extend([fresh(3, &mut run.draw), fresh(4, &mut run.draw)]);
    for list in [unchanged, both, without, two_more] {
        let reply = person.upload_list(&list, &mut run.draw)?;
        reply.refused(422, "device_list_not_one_device")?;
    }
    still_well(run, &mut person)
}

fn version(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    let entry = reboxed(&person, &mut run.draw)?;
    person.change_list(&entry, &mut run.draw)?.ok(200)?;
    let held = person.list.version;
    for version in [held, held - 1, 0, 1 << 53] {
        let mut next = person.list.with(&reboxed(&person, &mut run.draw)?);
        (next.previous, next.version) = (held, version);
        person.upload_list(&next, &mut run.draw)?.refused(422, "device_list_malformed")?;
    }
    still_well(run, &mut person)
}

fn closed_id(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    for _ in 0..2 {
        run.add_device(&mut person, 0)?;
    }
    let (closed, revoked) = (person.device(1)?.entry.clone(), person.device(2)?.entry.clone());
    person.change_list(&closed.closed(), &mut run.draw)?.ok(200)?;
    person.revoke(revoked.device_id)?.ok(204)?;
    for entry in [&closed, &revoked] {
        let device_id = entry.device_id;
        let reopened = person.list.with(&Entry { incarnation: run.draw.bytes(), ..entry.clone() });
        person.upload_list(&reopened, &mut run.draw)?.refused(422, "device_id_closed")?;
        let keys = run.keys(&[(Suite::SignalV3, 1)], &person.account.identity);
        let anew = Registration::next(
            &person.list,
            &person.account.identity,
            device_id,
            keys,
            &mut run.draw,
        );
        let login = person.account.login()?;
        let reply = Person::register(&person.account, &login.access, &anew, &mut run.draw)?;
        reply.refused(422, "device_id_closed")?;
    }
    still_well(run, &mut person)
}

fn regression(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    let entry = person.first()?.entry.clone();
    let lowered = Entry { suites: vec![list::BOX_XCHACHA20], ..entry };
    let reply = person.upload_list(&person.list.with(&lowered), &mut run.draw)?;
    reply.refused(422, "capability_regression")?;
    still_well(run, &mut person)?;
    // A lower suite may go.
    let entry = person.list.entry(1).cloned().unwrap_or(entry);
    let leaner = Entry { suites: vec![list::SIGNAL_V3], ..entry };
    person.change_list(&leaner, &mut run.draw)?.ok(200).map(drop)
}

fn canonical(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    run.add_device(&mut person, 0)?;
    let next = person.list.with(&reboxed(&person, &mut run.draw)?);
    let own = reboxed(&person, &mut run.draw)?;
    let own_with = |change: &dyn Fn(&mut Entry)| {
        let mut entry = own.clone();
        change(&mut entry);
        person.list.with(&entry).bytes()
    };
    let mut turned = next.clone();
    turned.entries.reverse();
    let mut twice = next.clone();
    twice.entries.push(own.clone());
    let mut other_label = next.bytes();
    if let Some(byte) = other_label.get_mut(25) {
        *byte = b'2';
    }
    let mut counted = next.bytes();
    if let Some(count) = counted.get_mut(26 + 16 + 33 + 16) {
        *count = 1;
    }
    let wrong = [
        turned.bytes(),
        twice.bytes(),
        other_label,
        counted,
        [next.bytes(), vec![0]].concat(),
        next.bytes().split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default(),
        own_with(&|entry| entry.suites.reverse()),
        own_with(&|entry| entry.suites = vec![list::SIGNAL_V3, list::SIGNAL_V3]),
        own_with(&|entry| entry.registration_id = 0),
        own_with(&|entry| entry.registration_id = 16381),
    ];
    for bytes in wrong {
        let signed = list::signed(bytes, &person.account.identity, &mut run.draw);
        person.upload_raw_list(&STANDARD.encode(signed))?.refused(422, "device_list_malformed")?;
    }
    for device_id in [0, 128, 255] {
        let stranger = Entry { device_id, incarnation: run.draw.bytes(), ..own.clone() };
        person
            .upload_list(&person.list.with(&stranger), &mut run.draw)?
            .refused(422, "device_list_malformed")?;
    }
    still_well(run, &mut person)
}

fn foreign(run: &mut ServerRun) -> Outcome {
    let (mut alice, bob) = (run.person_with(0)?, run.person_with(0)?);
    let next = alice.list.with(&reboxed(&alice, &mut run.draw)?);
    let their_account = DeviceList { account: bob.account.uuid(), ..next.clone() };
    alice.upload_list(&their_account, &mut run.draw)?.refused(409, "identity_mismatch")?;
    let their_identity = DeviceList { identity: bob.account.identity.public, ..next };
    let signed = their_identity.signed(&bob.account.identity, &mut run.draw);
    alice.upload_raw_list(&signed)?.refused(409, "identity_mismatch")?;
    // Bob's own next list is right in itself, and not alice's to hand in.
    let theirs = bob.list.with(&reboxed(&bob, &mut run.draw)?);
    alice
        .upload_raw_list(&theirs.signed(&bob.account.identity, &mut run.draw))?
        .refused(409, "identity_mismatch")?;
    let (_, version) = bob.held_list()?;
    expect_that(
        version == bob.list.version,
        "the other account's list",
        "as before",
        format!("version {version}"),
    )?;
    still_well(run, &mut alice)
}

fn unlike_registration(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    let wrong: [fn(&mut Entry); 3] = [
        |entry| entry.registration_id = entry.registration_id % 16380 + 1,
        |entry| entry.suites = vec![list::BOX_XCHACHA20],
        |entry| entry.suites.push(list::RATCHET_CHACHA20),
    ];
    for change in wrong {
        let keys = run.keys(&[(Suite::SignalV3, 1)], &person.account.identity);
        let mut other =
            Registration::next(&person.list, &person.account.identity, 2, keys, &mut run.draw);
        other.list.entries.iter_mut().filter(|entry| entry.device_id == 2).for_each(change);
        let login = person.account.login()?;
        let reply = Person::register(&person.account, &login.access, &other, &mut run.draw)?;
        reply.refused(422, "registration_mismatch")?;
    }
    let devices = person.first()?.get(paths::DEVICES)?.ok(200)?;
    devices.expect_that(devices.list("/devices")?.len() == 1, "one device, as before")?;
    run.add_device(&mut person, 1)
}
