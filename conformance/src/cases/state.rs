//! Cases of exported states, in each suite that has sessions. Spec: `spec/state.md`.

use crate::{
    case::{
        Case, Outcome,
        Severity::{Interop, Robustness},
        Stop,
    },
    expect::{expect_eq, refuses_unchanged},
    run::Run,
    scene::{
        Scene,
        first::{HELD, counter_of},
    },
    subject::types::Suite,
};

const V3: &[&str] = &["signal-v3/1", "state.export"];
const NATIVE: &[&str] = &["ratchet-chacha20/1", "state.export"];

/// The cases of this chapter.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    Case::live("state/export/seeds-and-duplicates@signal-v3", &["STATE-1"], V3, Interop, |run| seeds_and_duplicates(run, Suite::SignalV3)),
    Case::live("state/export/seeds-and-duplicates@ratchet-chacha20", &["STATE-1"], NATIVE, Interop, |run| seeds_and_duplicates(run, Suite::RatchetChacha20)),
    Case::live("state/export/unanswered@signal-v3", &["STATE-1"], V3, Interop, |run| unanswered(run, Suite::SignalV3)),
    Case::live("state/export/unanswered@ratchet-chacha20", &["STATE-1"], NATIVE, Interop, |run| unanswered(run, Suite::RatchetChacha20)),
    Case::live("state/export/archived-sessions@signal-v3", &["STATE-1"], V3, Interop, |run| archived_sessions(run, Suite::SignalV3)),
    Case::live("state/export/archived-sessions@ratchet-chacha20", &["STATE-1"], NATIVE, Interop, |run| archived_sessions(run, Suite::RatchetChacha20)),
    Case::live("state/import/truncated@signal-v3", &["STATE-2"], V3, Robustness, |run| truncated(run, Suite::SignalV3)),
    Case::live("state/import/truncated@ratchet-chacha20", &["STATE-2"], NATIVE, Robustness, |run| truncated(run, Suite::RatchetChacha20)),
    Case::live("state/import/unknown-version@signal-v3", &["STATE-3"], V3, Robustness, |run| unknown_version(run, Suite::SignalV3)),
    Case::live("state/import/unknown-version@ratchet-chacha20", &["STATE-3"], NATIVE, Robustness, |run| unknown_version(run, Suite::RatchetChacha20)),
    Case::live("state/import/bytes-behind-the-end@signal-v3", &["STATE-4"], V3, Robustness, |run| bytes_behind_the_end(run, Suite::SignalV3)),
    Case::live("state/import/bytes-behind-the-end@ratchet-chacha20", &["STATE-4"], NATIVE, Robustness, |run| bytes_behind_the_end(run, Suite::RatchetChacha20)),
];

/// A fresh party of the same device takes the subject's place, with nothing but what was exported.
fn moved(run: &mut Run, scene: &mut Scene) -> Outcome {
    let peer = scene.judge.address();
    let state = scene.subject.export(&peer)?;
    let fresh = run.party(&scene.subject.spec)?;
    fresh.import(&peer, &state)?;
    scene.subject = fresh;
    Ok(())
}

/// Messages jumped over before the export decrypt after it, each once; used ones are duplicates; both go on.
fn seeds_and_duplicates(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let late = [scene.judge.seal(HELD)?, scene.judge.seal(HELD)?];
    let used = scene.judge.seal(HELD)?;
    scene.reads(&used, HELD)?;
    let before = counter_of(&scene.hear()?)?;
    moved(run, &mut scene)?;
    expect_eq("the next counter", &(before + 1), &counter_of(&scene.hear()?)?)?;
    scene.refuses_as("used before the export", &used, "duplicate_message")?;
    for message in &late {
        scene.reads_as("jumped over before the export", message, HELD)?;
    }
    moved(run, &mut scene)?;
    scene.rounds(2)
}

/// A session that waits for its answer waits on, and still sends its handshake along.
fn unanswered(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    let before = counter_of(&scene.hear()?)?;
    moved(run, &mut scene)?;
    let next = scene.hear()?;
    expect_eq("the type before an answer", &3_u8, &next.kind)?;
    expect_eq("the next counter", &(before + 1), &counter_of(&next)?)?;
    scene.tell()?;
    moved(run, &mut scene)?;
    expect_eq("the type after the answer", &2_u8, &scene.hear()?.kind)
}

/// Archived sessions come along: their messages decrypt.
fn archived_sessions(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    let held = scene.sessions(4)?;
    moved(run, &mut scene)?;
    scene.hear()?;
    for message in held.iter().rev() {
        scene.reads_as("a message of an archived session", message, HELD)?;
    }
    Ok(())
}

/// A scene with a stored seed, and its exported state.
fn exported(run: &mut Run, suite: Suite) -> Result<(Scene, Vec<u8>), Stop> {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    scene.judge.seal(HELD)?;
    scene.tell()?;
    let state = scene.subject.export(&scene.judge.address())?;
    Ok((scene, state))
}

fn refuses(scene: &Scene, state: &[u8]) -> Outcome {
    let import = || scene.subject.import(&scene.judge.address(), state);
    refuses_unchanged(&scene.subject, "bad_state", import)
}

/// The first and last hundred lengths and fifty between; the session goes on and the whole state is taken.
fn truncated(run: &mut Run, suite: Suite) -> Outcome {
    let (mut scene, state) = exported(run, suite)?;
    let last = u32::try_from(state.len()).unwrap_or(u32::MAX) - 1;
    let mut lengths: Vec<u32> =
        (0..=last.min(100)).chain(last.saturating_sub(100)..=last).collect();
    lengths.extend((0..50).map(|_| run.number(0, last)));
    for length in lengths {
        refuses(&scene, state.get(..length as usize).unwrap_or_default())?;
    }
    scene.subject.import(&scene.judge.address(), &state)?;
    scene.rounds(1)
}

/// Other values of the first byte, where a state's version begins.
fn unknown_version(run: &mut Run, suite: Suite) -> Outcome {
    let (mut scene, state) = exported(run, suite)?;
    let (&version, rest) =
        state.split_first().ok_or_else(|| crate::scene::judge::defect("no state"))?;
    for flipped in [0xff, 0x80, 0x40, 0x7f, 0x55] {
        refuses(&scene, &[&[version ^ flipped], rest].concat())?;
    }
    scene.rounds(1)
}

/// One byte, many, and the state itself once more behind the state.
fn bytes_behind_the_end(run: &mut Run, suite: Suite) -> Outcome {
    let (mut scene, state) = exported(run, suite)?;
    for tail in [vec![0], vec![0xff], run.random(1), run.random(33), state.clone()] {
        refuses(&scene, &[&state[..], &tail].concat())?;
    }
    scene.rounds(1)
}
