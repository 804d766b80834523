//! Who may begin a session, and how often.

use crate::{
    case::{Outcome, Stop},
    run::Run,
    scene::Scene,
    subject::types::{Message, PartySpec, Profile, Suite},
};

/// A party that refuses X3DH answers no stranger, and no known peer's new session; the one it began itself goes on.
pub(super) fn x3dh_refused(run: &mut Run) -> Outcome {
    let spec = PartySpec { accept_x3dh: false, ..run.spec(Suite::SignalV3) };
    let scene = Scene::strangers_of(run, &spec)?;
    let mut stranger = scene.judge.clone();
    stranger.initiate(&scene.bundle()?)?;
    let refused = stranger.seal(b"new")?;
    scene.refuses_as("a stranger's prekey message", &refused, "suite_refused")?;
    let mut scene = scene.begun_by_subject()?;
    scene.refuses_as("a peer's prekey message of a new session", &refused, "suite_refused")?;
    scene.rounds(2)
}

/// The judge's first two messages without a one-time prekey; the subject has read the first and lost the session.
fn lost_session(run: &mut Run, profile: Profile) -> Result<(Scene, [Message; 2]), Stop> {
    let mut scene = Scene::strangers_in(run, profile)?;
    scene.judge.initiate(&scene.bare_bundle()?)?;
    let messages = [scene.judge.seal(b"first")?, scene.judge.seal(b"second")?];
    let [first, _] = &messages;
    scene.reads(first, b"first")?;
    scene.refuses(first, "duplicate_message")?;
    scene.subject.delete(&scene.judge.address())?;
    Ok((scene, messages))
}

/// Neither the message read before nor another one of the same base key makes the session again; a new one is welcome.
pub(super) fn replay_refused_in_strict(run: &mut Run) -> Outcome {
    let (mut scene, messages) = lost_session(run, Profile::Strict)?;
    for message in &messages {
        scene.refuses(message, "handshake_replayed")?;
    }
    scene.judge.initiate(&scene.bare_bundle()?)?;
    scene.tell()?;
    scene.hear()?;
    scene.rounds(1)
}

/// Both make the session again.
pub(super) fn replay_accepted_in_compatible(run: &mut Run) -> Outcome {
    let (mut scene, [first, second]) = lost_session(run, Profile::Compatible)?;
    scene.reads_as("the first message after its session is gone", &first, b"first")?;
    scene.reads_as("the second message", &second, b"second")?;
    scene.hear()?;
    scene.rounds(1)
}
