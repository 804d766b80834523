//! Cases of the handshake chapter. Spec: `spec/handshake.md`.

mod policy;

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::{KeyPair, Profile as NaiveProfile},
    wire::{PrekeyMessage, decode_prekey_message, encode_prekey_message},
};

use crate::{
    case::{
        Case, Outcome,
        Severity::{Interop, Security},
        Stop,
    },
    expect::{expect_bytes, expect_eq, expect_that},
    run::Run,
    scene::{
        Scene,
        forge::{prekey_message, ratchet_of},
        judge::unreadable,
    },
    subject::types::Message,
};

const V3: &[&str] = &["signal-v3/1"];
const V3_RNG: &[&str] = &["signal-v3/1", "rng.inject"];
const V3_COMPATIBLE: &[&str] = &["signal-v3/1", "profile.compatible"];
const V3_STRICT: &[&str] = &["signal-v3/1", "profile.strict"];

/// The cases of this chapter.
pub const CASES: &[Case] = &[
    Case::live(
        "handshake/keys/three-agreements-responder",
        &["HANDSHAKE-1", "HANDSHAKE-3"],
        V3,
        Interop,
        three_agreements_responder,
    ),
    Case::live(
        "handshake/keys/three-agreements-initiator",
        &["HANDSHAKE-1", "HANDSHAKE-3"],
        V3,
        Interop,
        three_agreements_initiator,
    ),
    Case::live(
        "handshake/keys/fourth-agreement-responder",
        &["HANDSHAKE-2"],
        V3,
        Security,
        fourth_agreement_responder,
    ),
    Case::live(
        "handshake/keys/fourth-agreement-initiator",
        &["HANDSHAKE-2"],
        V3,
        Security,
        fourth_agreement_initiator,
    ),
    Case::live(
        "handshake/keys/fourth-agreement-left-out",
        &["HANDSHAKE-2"],
        V3,
        Security,
        fourth_agreement_left_out,
    ),
    Case::live(
        "handshake/keys/bytes-follow-from-draws",
        &[
            "HANDSHAKE-1",
            "HANDSHAKE-2",
            "HANDSHAKE-3",
            "HANDSHAKE-4",
            "HANDSHAKE-5",
            "HANDSHAKE-7",
            "HANDSHAKE-8",
        ],
        V3_RNG,
        Interop,
        bytes_follow_from_draws,
    ),
    Case::live(
        "handshake/initiator/base-key-drawn-first",
        &["HANDSHAKE-4"],
        V3_RNG,
        Interop,
        base_key_drawn_first,
    ),
    Case::live(
        "handshake/initiator/sends-behind-a-root-step",
        &["HANDSHAKE-5"],
        V3,
        Security,
        sends_behind_a_root_step,
    ),
    Case::live(
        "handshake/responder/first-ratchet-key-is-the-signed-prekey",
        &["HANDSHAKE-6"],
        V3,
        Interop,
        first_ratchet_key_is_the_signed_prekey,
    ),
    Case::live(
        "handshake/message/no-one-time-prekey-id",
        &["HANDSHAKE-7"],
        V3,
        Interop,
        no_one_time_prekey_id,
    ),
    Case::live("handshake/message/carries-all", &["HANDSHAKE-8"], V3, Interop, carries_all),
    Case::live(
        "handshake/policy/x3dh-refused",
        &["HANDSHAKE-9"],
        V3,
        Security,
        policy::x3dh_refused,
    ),
    Case::live(
        "handshake/replay/refused-in-strict",
        &["HANDSHAKE-10"],
        V3_STRICT,
        Security,
        policy::replay_refused_in_strict,
    ),
    Case::live(
        "handshake/replay/accepted-in-compatible",
        &["HANDSHAKE-11"],
        V3_COMPATIBLE,
        Interop,
        policy::replay_accepted_in_compatible,
    ),
];

/// The judge begins without a one-time prekey.
fn three_agreements_responder(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bare_bundle()?)?;
    scene.tell()?;
    scene.hear()?;
    scene.rounds(1)
}

/// The subject begins without a one-time prekey.
fn three_agreements_initiator(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bare_bundle()?)?;
    scene.hear()?;
    scene.tell()?;
    scene.rounds(1)
}

/// The judge begins with the subject's one-time prekey.
fn fourth_agreement_responder(run: &mut Run) -> Outcome {
    Scene::judge_began(run)?.rounds(1)
}

/// The subject begins with the judge's one-time prekey.
fn fourth_agreement_initiator(run: &mut Run) -> Outcome {
    Scene::subject_began(run)?.rounds(1)
}

/// A message that names a one-time prekey and is derived without it, and one the other way round.
fn fourth_agreement_left_out(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    for named in [true, false] {
        let bundle = if named { scene.bare_bundle()? } else { scene.bundle()? };
        scene.judge.initiate(&bundle)?;
        let inner = scene.judge.draft(b"mixed")?.seal();
        let mut parts = scene.judge.prekey_parts(&inner)?;
        parts.one_time_prekey_id = named.then_some(scene.one_time_prekey);
        let message = prekey_message(encode_prekey_message(&parts, Bugs::NONE));
        let what = if named { "named, not mixed in" } else { "mixed in, not named" };
        scene.refuses_as(what, &message, "invalid_message")?;
    }
    scene.tell()?;
    scene.hear().map(drop)
}

/// With its draws known, the first messages of an initiator are the ones that the specification gives, byte for byte.
fn bytes_follow_from_draws(run: &mut Run) -> Outcome {
    for bare in [false, true] {
        let mut scene = Scene::strangers(run)?;
        let (mut twin, drawn) = (scene.twin()?, run.bytes::<64>());
        let bundle = if bare { scene.judge.bare_bundle()? } else { scene.judge.bundle()? };
        scene.subject.load_rng(&drawn)?;
        scene.subject.initiate(&scene.judge.address(), &bundle)?;
        twin.load(&drawn);
        twin.initiate(&bundle)?;
        for _ in 0..2 {
            let text = scene.judge.words()?;
            let sent = scene.subject.encrypt(&scene.judge.address(), &text)?;
            expect_bytes("the prekey message", &twin.seal(&text)?.bytes, &sent.bytes)?;
            scene.heard(&sent, &text)?;
        }
    }
    Ok(())
}

/// The first 32 bytes drawn make the base key, the next 32 the ratchet key.
fn base_key_drawn_first(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    let (base, ratchet) = (run.bytes::<32>(), run.bytes::<32>());
    scene.subject.load_rng(&[base, ratchet].concat())?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    let message = scene.hear()?;
    let (base, ratchet) = (KeyPair::new(base, Bugs::NONE), KeyPair::new(ratchet, Bugs::NONE));
    expect_bytes("the base key", &base.public, &read(&message)?.base_key)?;
    expect_bytes("the ratchet key", &ratchet.public, &ratchet_of(&message)?.ratchet_key)
}

/// A prekey message of the subject, decoded.
fn read(message: &Message) -> Result<PrekeyMessage, Stop> {
    expect_eq("the type", &3_u8, &message.kind)?;
    decode_prekey_message(&message.bytes, NaiveProfile::Compatible, Bugs::NONE)
        .map_err(|fault| unreadable("a prekey message of the subject", &fault))
}

/// The initiator's messages are keyed behind a root step with its ratchet key, which is neither its base key nor another's.
fn sends_behind_a_root_step(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    let message = scene.hear()?;
    let (opening, inner) = (read(&message)?, ratchet_of(&message)?);
    let known = [opening.base_key, opening.identity_key];
    let fresh = !known.contains(&inner.ratchet_key);
    expect_that(
        fresh,
        "the first ratchet key",
        "a key of its own",
        hex::encode(inner.ratchet_key),
    )?;
    scene.hear()?;
    scene.tell()
}

/// The judge's first message, which takes the signed prekey for the subject's ratchet key, decrypts.
fn first_ratchet_key_is_the_signed_prekey(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    scene.tell()?;
    scene.hear().map(drop)
}

/// Begun from a bundle without a one-time prekey, the message has no field 1; with one, it has its id.
fn no_one_time_prekey_id(run: &mut Run) -> Outcome {
    for bare in [true, false] {
        let mut scene = Scene::strangers(run)?;
        let bundle = if bare { scene.judge.bare_bundle()? } else { scene.judge.bundle()? };
        scene.subject.initiate(&scene.judge.address(), &bundle)?;
        let message = scene.subject.encrypt(&scene.judge.address(), b"first")?;
        let expected = bundle.one_time_prekey.map(|prekey| prekey.id);
        expect_eq("pre_key_id", &expected, &read(&message)?.one_time_prekey_id)?;
        scene.heard(&message, b"first")?;
    }
    Ok(())
}

/// Each prekey message of a session carries the same base key, the sender's ids and identity, and a ratchet message.
fn carries_all(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    let bundle = scene.judge.bundle()?;
    scene.subject.initiate(&scene.judge.address(), &bundle)?;
    let first = read(&scene.hear()?)?;
    for counter in 1..4_u32 {
        let message = scene.hear()?;
        let opening = read(&message)?;
        let registration_id = scene.subject.spec.registration_id;
        expect_eq("the registration id", &registration_id, &opening.registration_id)?;
        expect_bytes("the identity key", &scene.subject.identity_public, &opening.identity_key)?;
        expect_bytes("the base key", &first.base_key, &opening.base_key)?;
        expect_eq("the signed prekey id", &bundle.signed_prekey.id, &opening.signed_prekey_id)?;
        expect_eq("the counter of the message inside", &counter, &ratchet_of(&message)?.counter)?;
    }
    Ok(())
}
