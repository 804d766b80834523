//! Messages that come late, in another order, or twice.

use super::{V3, V3_COMPATIBLE};
use crate::{
    case::{
        Case, Outcome,
        Severity::{Interop, Security},
        Stop,
    },
    run::Run,
    scene::{Scene, forge::flipped},
    subject::types::Message,
};

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case::live(
        "ratchet/order/previous-counter-ignored",
        &["RATCHET-11"],
        V3,
        Interop,
        previous_counter_ignored,
    ),
    Case::live(
        "ratchet/order/any-order-in-a-chain",
        &["RATCHET-14"],
        V3,
        Interop,
        any_order_in_a_chain,
    ),
    Case::live(
        "ratchet/order/reversed-first-chain",
        &["RATCHET-14"],
        V3,
        Interop,
        reversed_first_chain,
    ),
    Case::live(
        "ratchet/order/late-from-older-chains",
        &["RATCHET-23"],
        V3,
        Interop,
        late_from_older_chains,
    ),
    Case::live(
        "ratchet/replay/same-counter-twice",
        &["RATCHET-15"],
        V3,
        Security,
        same_counter_twice,
    ),
    Case::live(
        "ratchet/replay/late-message-twice",
        &["RATCHET-15"],
        V3,
        Security,
        late_message_twice,
    ),
    Case::live(
        "ratchet/replay/from-an-older-chain",
        &["RATCHET-15"],
        V3,
        Security,
        replay_from_an_older_chain,
    ),
    Case::live(
        "ratchet/replay/duplicate-before-mac",
        &["RATCHET-27"],
        V3_COMPATIBLE,
        Interop,
        duplicate_before_mac,
    ),
];

/// Whatever `previous_counter` says under a right MAC, the message decrypts and later ones too.
fn previous_counter_ignored(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for previous_counter in [u32::MAX, 25_001, 0, 7] {
        scene.hear()?;
        for _ in 0..2 {
            let text = scene.judge.words()?;
            let mut draft = scene.judge.draft(&text)?;
            draft.parts.previous_counter = previous_counter;
            scene.reads_as(
                &format!("previous_counter {previous_counter}"),
                &draft.seal(),
                &text,
            )?;
            scene.judge.skip()?;
        }
    }
    scene.rounds(1)
}

/// Ten messages of one chain, in a drawn order: each decrypts once.
fn any_order_in_a_chain(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let mut messages = sealed(&mut scene, 10)?;
    let first = messages.pop();
    messages.splice(0..0, first);
    shuffle(run, &mut messages);
    for (text, message) in &messages {
        scene.reads(message, text)?;
    }
    for (_, message) in &messages {
        scene.refuses(message, "duplicate_message")?;
    }
    scene.rounds(1)
}

/// Messages with their texts.
type Sealed = Vec<(Vec<u8>, Message)>;

fn sealed(scene: &mut Scene, count: usize) -> Result<Sealed, Stop> {
    let mut messages = Vec::new();
    for _ in 0..count {
        let text = scene.judge.words()?;
        let message = scene.judge.seal(&text)?;
        messages.push((text, message));
    }
    Ok(messages)
}

fn shuffle(run: &mut Run, messages: &mut Sealed) {
    for end in (1..messages.len()).rev() {
        let with = run.number(0, u32::try_from(end).unwrap_or_default());
        messages.swap(end, with as usize);
    }
}

/// The first five messages of a session, all prekey messages, arrive last first.
fn reversed_first_chain(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let mut messages = sealed(&mut scene, 5)?;
    messages.reverse();
    for (text, message) in &messages {
        scene.reads(message, text)?;
    }
    scene.hear()?;
    scene.rounds(1)
}

/// Three chains, two ratchet steps later: what was jumped over decrypts, and what was not yet reached, too.
fn late_from_older_chains(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let mut late = Vec::new();
    for _ in 0..3 {
        let mut chain = sealed(&mut scene, 5)?;
        // Number 1 goes through, so 0 is stored, and 2, 3 and 4 are not reached.
        let (text, message) = chain.remove(1);
        scene.reads(&message, &text)?;
        late.extend(chain);
        scene.hear()?;
    }
    shuffle(run, &mut late);
    for (text, message) in &late {
        scene.reads_as("a late message of an older chain", message, text)?;
    }
    scene.rounds(1)
}

/// The message just read, again.
fn same_counter_twice(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for _ in 0..2 {
        let message = scene.judge.seal(b"once")?;
        scene.reads(&message, b"once")?;
        scene.refuses(&message, "duplicate_message")?;
        scene.refuses(&message, "duplicate_message")?;
    }
    scene.rounds(1)
}

/// A message read late, from a stored seed, again.
fn late_message_twice(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let messages = sealed(&mut scene, 3)?;
    for (text, message) in messages.iter().rev() {
        scene.reads(message, text)?;
        scene.refuses(message, "duplicate_message")?;
    }
    for (_, message) in &messages {
        scene.refuses(message, "duplicate_message")?;
    }
    scene.rounds(1)
}

/// A message of an older chain that is still kept, again.
fn replay_from_an_older_chain(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let messages = sealed(&mut scene, 2)?;
    for (text, message) in &messages {
        scene.reads(message, text)?;
    }
    scene.hear()?;
    scene.rounds(2)?;
    for (_, message) in &messages {
        scene.refuses(message, "duplicate_message")?;
    }
    scene.rounds(1)
}

/// A used counter with a wrong MAC is called a duplicate.
fn duplicate_before_mac(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let messages = sealed(&mut scene, 2)?;
    for (text, message) in messages.iter().rev() {
        scene.reads(message, text)?;
    }
    for (_, message) in &messages {
        let forged = flipped(message, message.bytes.len() - 1, 0)?;
        scene.refuses_as("a used counter under a wrong MAC", &forged, "duplicate_message")?;
    }
    scene.rounds(1)
}
