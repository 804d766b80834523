//! What is kept apart: devices, accounts, incarnations, suites and message types.

use crate::{
    case::{Outcome, Stop},
    expect::expect_bytes,
    run::Run,
    scene::{
        Scene,
        first::{HELD, ratchet_inside},
        judge::Judge,
    },
    subject::types::{Message, Suite},
};

/// Two devices of one account.
pub(super) fn devices_of_one_account(run: &mut Run, suite: Suite) -> Outcome {
    let scene = Scene::of(run, suite)?.begun_by_judge()?;
    let mut second = scene.judge.neighbour(run)?;
    second.party.name.clone_from(&scene.judge.party.name);
    second.party.device_id = 2;
    apart(scene, second)
}

/// The first devices of two accounts.
pub(super) fn accounts_with_one_device_id(run: &mut Run, suite: Suite) -> Outcome {
    let scene = Scene::of(run, suite)?.begun_by_judge()?;
    let second = scene.judge.neighbour(run)?;
    apart(scene, second)
}

/// Two incarnations of one device, with one identity key.
pub(super) fn incarnations_of_one_device(run: &mut Run) -> Outcome {
    let scene = Scene::of(run, Suite::RatchetChacha20)?.begun_by_judge()?;
    let mut second = scene.judge.clone();
    second.party.records.clear();
    second.party.incarnation = run.bytes();
    apart(scene, second)
}

/// Both devices hold a session with the subject; each reads what is for it, and neither speaks as the other.
fn apart(mut scene: Scene, mut second: Judge) -> Outcome {
    let crossing = scene.judge.seal(HELD)?;
    second.initiate(&scene.bare_bundle()?)?;
    let text = second.words()?;
    let opened = scene.subject.decrypt(&second.address(), &second.seal(&text)?)?;
    expect_bytes("the plaintext of the second device", &text, &opened)?;
    let answer = scene.subject.encrypt(&second.address(), &text)?;
    expect_bytes("the answer to the second device", &text, &second.open(&answer)?)?;
    scene.hear()?;
    let as_second = |message: &Message| scene.subject.decrypt(&second.address(), message);
    crate::expect::refuses_unchanged(&scene.subject, "invalid_message", || as_second(&crossing))?;
    scene.reads_as("the message as its own sender's", &crossing, HELD)?;
    scene.rounds(1)
}

/// A first message given as a ratchet message, a ratchet message given as a first one, and both as what they are.
pub(super) fn decoder_by_type(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let first = scene.judge.seal(HELD)?;
    scene.tell()?;
    let ratchet = ratchet_inside(&scene.judge.seal(HELD)?)?;
    for (message, other) in [(&first, 2), (&ratchet, 3)] {
        let mistaken = Message { kind: other, ..message.clone() };
        scene.refuses_as(&format!("given as type {other}"), &mistaken, "malformed")?;
        scene.reads(message, HELD)?;
    }
    Ok::<_, Stop>(())
}

/// A message that says version 4, under the MAC of this session.
pub(super) fn version_4_under_a_right_mac(run: &mut Run) -> Outcome {
    use countersign_vectors::naive::{bugs::Bugs, wire::encode_signal_message};
    let scene = Scene::of(run, Suite::SignalV3)?.begun_by_judge()?;
    let draft = scene.judge.draft(HELD)?;
    for version_byte in [0x44, 0x43, 0x4f] {
        let mut bytes = encode_signal_message(&draft.parts, Bugs::NONE);
        if let Some(first) = bytes.first_mut() {
            *first = version_byte;
        }
        let what = format!("version byte {version_byte:#04x}");
        scene.refuses_as(&what, &draft.seal_bytes(bytes), "invalid_message")?;
    }
    scene.reads(&draft.seal(), HELD)
}
