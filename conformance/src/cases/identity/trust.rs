//! Which identity key an address has, and when it may change.

use super::verifying::with_q_added;
use crate::{
    case::Outcome,
    expect::refuses_unchanged,
    run::Run,
    scene::{
        Scene,
        judge::{Judge, defect},
    },
    subject::types::{Profile, Suite},
};

/// An impostor's prekey message is refused, the session with the known key goes on, and once trusted the new key is good.
pub(super) fn other_key_in_a_prekey_message(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let mut impostor = scene.judge.impostor(run)?;
    impostor.initiate(&scene.bare_bundle()?)?;
    let message = impostor.seal(b"it is me")?;
    scene.refuses(&message, "untrusted_identity")?;
    scene.rounds(1)?;
    scene.subject.trust(&impostor.address(), &impostor.identity())?;
    scene.judge = impostor;
    scene.reads_as("the message once its identity is trusted", &message, b"it is me")?;
    scene.hear()?;
    scene.rounds(1)
}

/// A bundle with another identity key likewise.
pub(super) fn other_key_in_a_bundle(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_subject()?;
    let impostor = scene.judge.impostor(run)?;
    let (peer, bundle) = (impostor.address(), impostor.bundle()?);
    refuses_unchanged(&scene.subject, "untrusted_identity", || {
        scene.subject.initiate(&peer, &bundle)
    })?;
    scene.rounds(1)?;
    scene.subject.trust(&peer, &impostor.identity())?;
    scene.judge = impostor;
    scene.begun_by_subject()?.rounds(1)
}

/// q added to s is another encoding of a signed prekey's signature, and refused in strict.
pub(super) fn s_plus_q_in_a_bundle(run: &mut Run) -> Outcome {
    let scene = Scene::strangers_in(run, Profile::Strict)?;
    let mut bundle = scene.judge.bundle()?;
    let signature = bundle.signed_prekey.signature.first_chunk();
    let added = signature.map(with_q_added).ok_or_else(|| defect("a short signature"))?;
    bundle.signed_prekey.signature = added.to_vec();
    let peer = scene.judge.address();
    refuses_unchanged(&scene.subject, "bad_signature", || scene.subject.initiate(&peer, &bundle))?;
    scene.begun_by_subject()?.rounds(1)
}

/// Once another key is trusted, sessions of the old one neither send nor receive; trusted again, they do.
pub(super) fn sessions_of_the_old_key(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let (peer, other) = (scene.judge.address(), scene.judge.impostor(run)?);
    scene.subject.trust(&peer, &other.identity())?;
    let message = scene.judge.seal(b"in the old session")?;
    scene.refuses(&message, "untrusted_identity")?;
    refuses_unchanged(&scene.subject, "untrusted_identity", || {
        scene.subject.encrypt(&peer, b"in the old session")
    })?;
    scene.subject.trust(&peer, &scene.judge.identity())?;
    scene.reads(&message, b"in the old session")?;
    scene.rounds(1)
}

/// An impostor who comes first, with a message that does not decrypt, does not keep the owner out.
pub(super) fn refused_prekey_message_pins_nothing(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    let mut impostor = scene.judge.impostor(run)?;
    for sign in [0x01, 0x80] {
        let forged = forged_opening(&mut impostor, &scene, sign)?;
        scene.refuses(&forged, "invalid_message")?;
    }
    let bundle = scene.bundle()?;
    scene.judge.initiate(&bundle)?;
    scene.tell()?;
    scene.hear()?;
    scene.rounds(1)
}

fn forged_opening(
    impostor: &mut Judge,
    scene: &Scene,
    bits: u8,
) -> Result<crate::subject::types::Message, crate::case::Stop> {
    impostor.initiate(&scene.bare_bundle()?)?;
    let mut inner = impostor.draft(b"false")?.seal();
    inner.bytes.iter_mut().rev().take(1).for_each(|byte| *byte ^= bits);
    impostor.wrap(&inner)
}

/// An impostor's bundle with a bad signature does not keep the owner's out, nor its prekey message.
pub(super) fn refused_bundle_pins_nothing(run: &mut Run) -> Outcome {
    for owner_begins in [false, true] {
        let scene = Scene::strangers(run)?;
        let mut bundle = scene.judge.impostor(run)?.bundle()?;
        bundle.signed_prekey.signature.iter_mut().take(1).for_each(|byte| *byte ^= 1);
        let peer = scene.judge.address();
        refuses_unchanged(&scene.subject, "bad_signature", || {
            scene.subject.initiate(&peer, &bundle)
        })?;
        let mut scene =
            if owner_begins { scene.begun_by_judge()? } else { scene.begun_by_subject()? };
        scene.rounds(1)?;
    }
    Ok(())
}
