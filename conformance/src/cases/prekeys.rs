//! Cases of the prekeys chapter. Spec: `spec/prekeys.md`.

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::{KeyPair, Profile},
    wire::{PrekeyParts, encode_prekey_message},
    xeddsa::{Rule, sign, verify},
};

use crate::{
    case::{
        Case, Outcome,
        Severity::{Interop, Security, Spec},
        Stop,
    },
    expect::{expect_bytes, expect_eq, expect_refused, refuses_unchanged},
    run::Run,
    scene::{Scene, forge::prekey_message, judge::unreadable},
    subject::{
        party::NOW_MS,
        types::{Bundle, Message, PrekeyKind},
    },
};

const V3: &[&str] = &["signal-v3/1"];
const V3_RNG: &[&str] = &["signal-v3/1", "rng.inject"];

/// The cases of this chapter.
pub const CASES: &[Case] = &[
    Case::live(
        "prekeys/signature/covers-33-bytes",
        &["PREKEY-1"],
        V3,
        Interop,
        signature_covers_33_bytes,
    ),
    Case::live(
        "prekeys/signature/exact-bytes",
        &["PREKEY-1"],
        V3_RNG,
        Interop,
        signature_exact_bytes,
    ),
    Case::live("prekeys/bundle/bad-signature", &["PREKEY-2"], V3, Security, bad_signature),
    Case::live(
        "prekeys/bundle/signature-of-other-length",
        &["PREKEY-2", "IDENTITY-4"],
        V3,
        Security,
        signature_of_other_length,
    ),
    Case::live(
        "prekeys/bundle/trust-before-signature",
        &["PREKEY-3"],
        V3,
        Spec,
        trust_before_signature,
    ),
    Case::live(
        "prekeys/bundle/refused-changes-nothing",
        &["PREKEY-10"],
        V3,
        Security,
        refused_bundle_changes_nothing,
    ),
    Case::live(
        "prekeys/one-time/deleted-after-use",
        &["PREKEY-4"],
        V3,
        Security,
        deleted_after_use,
    ),
    Case::live(
        "prekeys/one-time/kept-when-refused",
        &["PREKEY-5"],
        V3,
        Security,
        kept_when_refused,
    ),
    Case::live("prekeys/unknown/signed", &["PREKEY-6"], V3, Spec, unknown_signed),
    Case::live("prekeys/unknown/one-time", &["PREKEY-7"], V3, Spec, unknown_one_time),
    Case::live("prekeys/unknown/both", &["PREKEY-8"], V3, Spec, unknown_both),
    Case::live(
        "prekeys/rotation/older-signed-prekey",
        &["PREKEY-9"],
        V3,
        Interop,
        older_signed_prekey,
    ),
];

/// The bundle's signature verifies over 0x05 and the key, by the identity key.
fn signature_covers_33_bytes(run: &mut Run) -> Outcome {
    for _ in 0..4 {
        let scene = Scene::strangers(run)?;
        let signed = scene.bundle()?.signed_prekey;
        let identity = scene.subject.identity_public;
        verify(&identity, &signed.public, &signed.signature, Profile::Compatible, Bugs::NONE)
            .map_err(|fault| unreadable("the signed prekey's signature", &fault))?;
    }
    Ok(())
}

/// With the 64 bytes drawn known, the signature is the one that SIGN gives.
fn signature_exact_bytes(run: &mut Run) -> Outcome {
    let scene = Scene::strangers(run)?;
    let (private, drawn) = (run.private_key(), run.bytes::<64>());
    scene.subject.load_rng(&drawn)?;
    let signed = scene.subject.add_signed_prekey(77, &private, NOW_MS, None)?;
    let public = KeyPair::new(private, Bugs::NONE).public;
    expect_bytes("the signed prekey", &public, &signed.public)?;
    let identity = scene.subject.spec.identity_private;
    let expected = sign(&identity, &public, &drawn, Rule::Libsignal, Bugs::NONE);
    expect_bytes("its signature", &expected, &signed.signature)
}

/// The subject must refuse to begin from this bundle and change nothing.
fn refuses_bundle(scene: &Scene, bundle: &Bundle, code: &str) -> Outcome {
    let peer = scene.judge.address();
    refuses_unchanged(&scene.subject, code, || scene.subject.initiate(&peer, bundle))
}

/// Bundles that a server could have made up.
fn false_bundles(run: &mut Run, scene: &Scene) -> Result<Vec<Bundle>, Stop> {
    let honest = scene.judge.bundle()?;
    let mut flipped = honest.clone();
    let at = run.number(0, 62) as usize;
    flipped.signed_prekey.signature.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 4);
    let mut other_key = honest.clone();
    other_key.signed_prekey.public = KeyPair::new(run.private_key(), Bugs::NONE).public.to_vec();
    let mut other_signer = other_key.clone();
    let message = &other_signer.signed_prekey.public;
    let forged = sign(&run.private_key(), message, &run.bytes(), Rule::Libsignal, Bugs::NONE);
    other_signer.signed_prekey.signature = forged.to_vec();
    let mut zeros = honest;
    zeros.signed_prekey.signature = vec![0; 64];
    Ok(vec![flipped, other_key, other_signer, zeros])
}

/// A changed signature, another key under it, another signer, no signature at all; the honest bundle is still good.
fn bad_signature(run: &mut Run) -> Outcome {
    let scene = Scene::strangers(run)?;
    for bundle in false_bundles(run, &scene)? {
        refuses_bundle(&scene, &bundle, "bad_signature")?;
        let answer = scene.subject.encrypt(&scene.judge.address(), b"to nobody");
        expect_refused(answer, "no_session")?;
    }
    scene.begun_by_subject()?.rounds(1)
}

/// A good signature without its last byte, with one byte more, and none at all.
fn signature_of_other_length(run: &mut Run) -> Outcome {
    let scene = Scene::strangers(run)?;
    let honest = scene.judge.bundle()?;
    for length in [0, 63, 65, 128] {
        let mut bundle = honest.clone();
        bundle.signed_prekey.signature.resize(length, 0);
        refuses_bundle(&scene, &bundle, "bad_signature")?;
    }
    scene.begun_by_subject().map(drop)
}

/// A bundle with another identity key and a signature that does not verify.
fn trust_before_signature(run: &mut Run) -> Outcome {
    let mut scene = Scene::subject_began(run)?;
    let mut bundle = scene.judge.impostor(run)?.bundle()?;
    bundle.signed_prekey.signature.iter_mut().take(1).for_each(|byte| *byte ^= 1);
    refuses_bundle(&scene, &bundle, "untrusted_identity")?;
    scene.rounds(1)
}

/// With a session in use, a refused bundle leaves it the current one, and its messages of type 2.
fn refused_bundle_changes_nothing(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for bundle in false_bundles(run, &scene)? {
        refuses_bundle(&scene, &bundle, "bad_signature")?;
        expect_eq("the type of the next message", &2_u8, &scene.hear()?.kind)?;
    }
    scene.rounds(1)
}

/// After the first message the key is not listed, and a second initiator who was given it is refused.
fn deleted_after_use(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    let bundle = scene.bundle()?;
    let second = scene.judge.neighbour(run)?;
    scene.judge.initiate(&bundle)?;
    scene.tell()?;
    expect_eq("the one-time prekeys held", &Vec::<u32>::new(), &scene.subject.prekeys()?.1)?;
    scene.tell()?;
    scene.hear()?;
    let first = std::mem::replace(&mut scene.judge, second);
    scene.judge.initiate(&bundle)?;
    let message = scene.judge.seal(b"late")?;
    scene.refuses_as("a second use of a one-time prekey", &message, "unknown_prekey")?;
    scene.judge = first;
    scene.rounds(1)
}

/// A prekey message whose inner message is changed does not cost the one-time prekey that it names.
fn kept_when_refused(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let honest = scene.judge.seal(b"honest")?;
    let inner = scene.judge.draft_at(1, b"forged")?;
    let mut forged = inner.seal();
    forged.bytes.iter_mut().rev().take(1).for_each(|byte| *byte ^= 0x80);
    scene.refuses(&scene.judge.wrap(&forged)?, "invalid_message")?;
    let held = vec![scene.one_time_prekey];
    expect_eq("the one-time prekeys held", &held, &scene.subject.prekeys()?.1)?;
    scene.reads_as("the honest message after a forgery", &honest, b"honest")?;
    scene.hear()?;
    scene.rounds(1)
}

/// A message that the subject would read, with other prekey ids written into it.
fn with_ids(scene: &Scene, signed: u32, one_time: Option<u32>) -> Result<Message, Stop> {
    let inner = scene.judge.draft(b"honest")?.seal();
    let parts = PrekeyParts {
        signed_prekey_id: signed,
        one_time_prekey_id: one_time,
        ..scene.judge.prekey_parts(&inner)?
    };
    Ok(prekey_message(encode_prekey_message(&parts, Bugs::NONE)))
}

/// The id of a signed prekey that was never there, and of one that was removed.
fn unknown_signed(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bare_bundle()?)?;
    let message = with_ids(&scene, scene.signed_prekey + 1, None)?;
    scene.refuses_as("an id never used", &message, "unknown_signed_prekey")?;
    let (kept, id) = (run.private_key(), scene.signed_prekey + 2);
    scene.subject.add_signed_prekey(id, &kept, NOW_MS + 1, None)?;
    let message = with_ids(&scene, scene.signed_prekey, None)?;
    scene.reads_as("the message with its own id", &message, b"honest")?;
    scene.subject.delete(&scene.judge.address())?;
    scene.subject.remove_prekey(PrekeyKind::Signed, scene.signed_prekey)?;
    scene.judge.initiate(&scene.subject.bundle(id, None)?)?;
    let message = with_ids(&scene, scene.signed_prekey, None)?;
    scene.refuses_as("the id of a removed key", &message, "unknown_signed_prekey")?;
    scene.tell()?;
    scene.hear().map(drop)
}

/// The id of a one-time prekey that is not there, in a message that would decrypt without one.
fn unknown_one_time(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bare_bundle()?)?;
    let message = with_ids(&scene, scene.signed_prekey, Some(scene.one_time_prekey + 1))?;
    scene.refuses(&message, "unknown_prekey")?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.subject.remove_prekey(PrekeyKind::OneTime, scene.one_time_prekey)?;
    let message = with_ids(&scene, scene.signed_prekey, Some(scene.one_time_prekey))?;
    scene.refuses_as("the id of a removed key", &message, "unknown_prekey")?;
    scene.judge.initiate(&scene.bare_bundle()?)?;
    scene.tell()?;
    scene.hear().map(drop)
}

/// With neither there, the signed prekey is the one that is missed.
fn unknown_both(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let (signed, one_time) = (scene.signed_prekey + 1, scene.one_time_prekey + 1);
    let message = with_ids(&scene, signed, Some(one_time))?;
    scene.refuses(&message, "unknown_signed_prekey")?;
    scene.tell()?;
    scene.hear().map(drop)
}

/// After two rotations a message to the first signed prekey is read, and one to the newest.
fn older_signed_prekey(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    let newest = scene.signed_prekey + 2;
    for id in [scene.signed_prekey + 1, newest] {
        let timestamp_ms = NOW_MS + u64::from(id - scene.signed_prekey) * 86_400_000;
        scene.subject.add_signed_prekey(id, &run.private_key(), timestamp_ms, None)?;
    }
    for id in [scene.signed_prekey, newest, scene.signed_prekey + 1] {
        scene.judge = scene.judge.neighbour(run)?;
        scene.judge.initiate(&scene.subject.bundle(id, None)?)?;
        scene.tell()?;
        scene.hear()?;
    }
    Ok(())
}
