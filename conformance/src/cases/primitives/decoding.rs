//! What is a public key.

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::KeyPair,
    wire::{PrekeyParts, encode_prekey_message},
};

use crate::{
    case::{Outcome, Stop},
    expect::{expect_bytes, expect_refused, refuses_unchanged},
    run::Run,
    scene::{Scene, forge::prekey_message},
    subject::types::{Message, Profile},
};

/// The profiles that the subject declares.
fn profiles(run: &Run) -> impl Iterator<Item = Profile> + use<> {
    [("profile.compatible", Profile::Compatible), ("profile.strict", Profile::Strict)]
        .map(|(capability, profile)| run.has(capability).then_some(profile))
        .into_iter()
        .flatten()
}

fn fresh_key(run: &mut Run) -> [u8; 33] {
    KeyPair::new(run.private_key(), Bugs::NONE).public
}

/// No bytes at all.
pub(super) fn empty(run: &mut Run) -> Outcome {
    for profile in profiles(run) {
        expect_refused(run.subject.key_decode(&[], profile), "no_key_type")?;
    }
    Ok(())
}

/// Other first bytes before a key of the right length; and a lone one.
pub(super) fn other_type(run: &mut Run) -> Outcome {
    for profile in profiles(run) {
        for first in [0x00, 0x04, 0x06, 0x07, 0x08, 0x85, 0xff] {
            let mut key = fresh_key(run);
            key[0] = first;
            expect_refused(run.subject.key_decode(&key, profile), "bad_key_type")?;
            expect_refused(run.subject.key_decode(&[first], profile), "bad_key_type")?;
        }
        let key = fresh_key(run);
        expect_bytes("the key", &key, &run.subject.key_decode(&key, profile)?)?;
    }
    Ok(())
}

/// One byte, two, 31 and 32 bytes.
pub(super) fn too_short(run: &mut Run) -> Outcome {
    for profile in profiles(run) {
        let key = fresh_key(run);
        for length in [1, 2, 31, 32] {
            let cut = key.get(..length).unwrap_or_default();
            expect_refused(run.subject.key_decode(cut, profile), "bad_key_length")?;
        }
    }
    Ok(())
}

/// Bad keys and what is wrong with them.
fn bad_keys(run: &mut Run) -> Vec<(&'static str, Vec<u8>)> {
    let key = fresh_key(run);
    let mut other_type = key;
    other_type[0] = 0x06;
    let cut = key.get(..32).unwrap_or_default().to_vec();
    vec![
        ("no_key_type", Vec::new()),
        ("bad_key_type", other_type.to_vec()),
        ("bad_key_length", cut),
    ]
}

/// As ratchet key under a right MAC, as base key and as identity key: the key's own error each time.
pub(super) fn bad_key_in_a_message(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    for (code, key) in bad_keys(run) {
        for field in 1..=3 {
            let message = opening_with(&scene, field, &key)?;
            scene.refuses_as(&format!("key {field} of a prekey message"), &message, code)?;
        }
    }
    scene.tell()?;
    scene.hear()?;
    for (code, key) in bad_keys(run) {
        let mut draft = scene.judge.draft(b"honest")?;
        draft.parts.ratchet_key = key;
        scene.refuses_as("the ratchet key", &draft.seal(), code)?;
    }
    scene.rounds(1)
}

/// The judge's first message with other bytes for the inner ratchet key (1), the base key (2) or the identity key (3).
fn opening_with(scene: &Scene, field: u8, key: &[u8]) -> Result<Message, Stop> {
    let mut draft = scene.judge.draft(b"honest")?;
    if field == 1 {
        draft.parts.ratchet_key = key.to_vec();
    }
    let mut parts: PrekeyParts = scene.judge.prekey_parts(&draft.seal())?;
    match field {
        2 => parts.base_key = key.to_vec(),
        3 => parts.identity_key = key.to_vec(),
        _ => {}
    }
    Ok(prekey_message(encode_prekey_message(&parts, Bugs::NONE)))
}

/// Each of them as each of a bundle's three keys.
pub(super) fn bad_key_in_a_bundle(run: &mut Run) -> Outcome {
    let scene = Scene::strangers(run)?;
    let honest = scene.judge.bundle()?;
    for (code, bad) in bad_keys(run) {
        for field in 0..3 {
            let mut bundle = honest.clone();
            let key = match field {
                0 => Some(&mut bundle.identity_key),
                1 => Some(&mut bundle.signed_prekey.public),
                _ => bundle.one_time_prekey.as_mut().map(|prekey| &mut prekey.public),
            };
            key.into_iter().for_each(|key| key.clone_from(&bad));
            let peer = scene.judge.address();
            let initiate = || scene.subject.initiate(&peer, &bundle);
            refuses_unchanged(&scene.subject, code, initiate)?;
        }
    }
    scene.begun_by_subject().map(drop)
}

/// The first 33 bytes of longer keys.
pub(super) fn tail_dropped(run: &mut Run) -> Outcome {
    for more in [1, 2, 31, 100] {
        let key = fresh_key(run);
        let longer = [key.as_slice(), &run.random(more)].concat();
        let decoded = run.subject.key_decode(&longer, Profile::Compatible)?;
        expect_bytes("the key", &key, &decoded)?;
    }
    Ok(())
}

/// Identity key, base key and ratchet key with tails: messages decrypt, and the subject's MACs cover 33 bytes.
pub(super) fn tail_is_in_no_mac(run: &mut Run) -> Outcome {
    for field in 1..=3 {
        let mut scene = Scene::strangers_in(run, Profile::Compatible)?;
        scene.judge.initiate(&scene.bundle()?)?;
        let message = with_tail(run, &scene, field)?;
        scene.reads_as(
            &format!("key {field} of a prekey message with a tail"),
            &message,
            b"honest",
        )?;
        scene.judge.skip()?;
        scene.hear()?;
        let mut draft = scene.judge.draft(b"honest")?;
        draft.parts.ratchet_key.extend_from_slice(&[1, 2, 3]);
        scene.reads_as("a ratchet key with a tail", &draft.seal(), b"honest")?;
        scene.judge.skip()?;
        scene.tell()?;
        scene.hear()?;
        scene.rounds(1)?;
    }
    Ok(())
}

/// The judge's first message with bytes behind one of its keys.
fn with_tail(run: &mut Run, scene: &Scene, field: u8) -> Result<Message, Stop> {
    let session = scene.judge.session()?;
    let key = match field {
        1 => session.ratchet_pair.public,
        2 => session.base_key,
        _ => session.local_identity,
    };
    opening_with(scene, field, &[key.as_slice(), &run.random(5)].concat())
}

/// 34 bytes and more.
pub(super) fn tail_refused(run: &mut Run) -> Outcome {
    for more in [1, 2, 31, 100] {
        let longer = [fresh_key(run).as_slice(), &run.random(more)].concat();
        expect_refused(run.subject.key_decode(&longer, Profile::Strict), "bad_key_length")?;
    }
    Ok(())
}

/// A tail behind any of the three keys of a prekey message.
pub(super) fn tail_refused_in_a_message(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers_in(run, Profile::Strict)?;
    scene.judge.initiate(&scene.bundle()?)?;
    for field in 1..=3 {
        let message = with_tail(run, &scene, field)?;
        scene.refuses_as(&format!("key {field} with a tail"), &message, "bad_key_length")?;
    }
    scene.tell()?;
    scene.hear().map(drop)
}

/// Keys whose u-coordinate is p or more, or has its top bit set.
fn not_canonical(run: &mut Run) -> Vec<[u8; 33]> {
    let mut marked = fresh_key(run);
    marked[32] |= 0x80;
    let mut prime = [0xff; 33];
    prime[0] = 5;
    prime[1] = 0xed;
    prime[32] = 0x7f;
    let mut above = prime;
    above[1] = 0xff;
    let mut all = above;
    all[32] = 0xff;
    vec![marked, prime, above, all]
}

/// The 32 bytes come back as they went in.
pub(super) fn kept_as_received(run: &mut Run) -> Outcome {
    for key in not_canonical(run) {
        let decoded = run.subject.key_decode(&key, Profile::Compatible)?;
        expect_bytes("the key", &key, &decoded)?;
    }
    Ok(())
}

/// The judge's identity key has its top bit set: both sides' MACs cover it so.
pub(super) fn top_bit_under_the_mac(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers_in(run, Profile::Compatible)?;
    scene.judge.party.identity.public[32] |= 0x80;
    scene.begun_by_judge()?.rounds(2)?;
    let mut scene = Scene::strangers_in(run, Profile::Compatible)?;
    scene.judge.party.identity.public[32] |= 0x80;
    scene.begun_by_subject()?.rounds(2)
}

/// Each of them.
pub(super) fn not_canonical_refused(run: &mut Run) -> Outcome {
    for key in not_canonical(run) {
        expect_refused(run.subject.key_decode(&key, Profile::Strict), "bad_key")?;
    }
    Ok(())
}

/// As any of the three keys of a prekey message.
pub(super) fn not_canonical_refused_in_a_message(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers_in(run, Profile::Strict)?;
    scene.judge.initiate(&scene.bundle()?)?;
    for key in not_canonical(run) {
        for field in 1..=3 {
            let message = opening_with(&scene, field, &key)?;
            scene.refuses_as(&format!("key {field} not canonical"), &message, "bad_key")?;
        }
    }
    scene.tell()?;
    scene.hear().map(drop)
}
