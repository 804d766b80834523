//! What the MAC covers, and that nothing comes out when it is wrong.

use countersign_vectors::naive::wire::{put_bytes, put_varint_field, put_wide_varint_field};

use crate::{
    case::Outcome,
    run::Run,
    scene::{Scene, forge::flipped},
};

/// A bit changed in the MAC, the ciphertext or the counters: refused, and the honest message still decrypts.
pub(super) fn changed_message_refused(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let message = scene.judge.seal(b"honest")?;
    let length = message.bytes.len();
    // MAC, the ciphertext's last byte, its first byte, the values of previous counter and counter.
    for from_end in [1, 8, 9, 24, 27, 29] {
        let forged = flipped(&message, length - from_end, 0)?;
        scene.refuses_as(
            &format!("bit changed {from_end} from the end"),
            &forged,
            "invalid_message",
        )?;
    }
    scene.reads(&message, b"honest")?;
    scene.rounds(1)
}

/// The first message of a new chain, changed: refused, and the honest one still makes the ratchet step.
pub(super) fn changed_first_reply_refused(run: &mut Run) -> Outcome {
    let mut scene = Scene::subject_began(run)?;
    scene.hear()?;
    let message = scene.judge.seal(b"honest")?;
    let length = message.bytes.len();
    for from_end in [1, 4, 8, 9, 24] {
        scene.refuses(&flipped(&message, length - from_end, 7)?, "invalid_message")?;
    }
    scene.reads(&message, b"honest")?;
    scene.rounds(1)
}

/// A prekey message whose inner message is changed makes no session.
pub(super) fn changed_prekey_message_refused(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let inner = scene.judge.draft(b"honest")?.seal();
    let length = inner.bytes.len();
    for from_end in [1, 8, 9, 24] {
        let forged = scene.judge.wrap(&flipped(&inner, length - from_end, 3)?)?;
        scene.refuses(&forged, "invalid_message")?;
    }
    scene.reads(&scene.judge.wrap(&inner)?, b"honest")?;
    scene.judge.skip()?;
    scene.hear()?;
    scene.rounds(1)
}

/// A message under another identity key of its sender has another MAC.
pub(super) fn message_of_another_pair_refused(run: &mut Run) -> Outcome {
    let scene = Scene::judge_began(run)?;
    let mut draft = scene.judge.draft(b"honest")?;
    let honest = draft.seal();
    std::mem::swap(&mut draft.sender, &mut draft.receiver);
    scene.refuses_as("identities the other way round", &draft.seal(), "invalid_message")?;
    draft.receiver = draft.sender;
    scene.refuses_as("one identity twice", &draft.seal(), "invalid_message")?;
    scene.reads(&honest, b"honest")
}

/// Each of the eight MAC bytes, changed alone, makes the message refused.
pub(super) fn each_of_eight_bytes_counts(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let message = scene.judge.seal(b"honest")?;
    let length = message.bytes.len();
    for from_end in 1..=8 {
        let bit = u8::try_from(run.number(0, 7)).unwrap_or_default();
        let forged = flipped(&message, length - from_end, bit)?;
        scene.refuses_as(
            &format!("MAC byte {} changed", 8 - from_end),
            &forged,
            "invalid_message",
        )?;
    }
    scene.reads(&message, b"honest")
}

/// Unknown fields, other orders and long varints under a right MAC do not disturb it.
pub(super) fn bytes_as_received(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for (form, what) in
        ["an unknown field", "another order", "a long varint"].into_iter().enumerate()
    {
        let text = scene.judge.words()?;
        let draft = scene.judge.draft(&text)?;
        let parts = &draft.parts;
        let mut body = Vec::new();
        if form == 0 {
            put_varint_field(&mut body, 99, 7);
        }
        put_bytes(&mut body, 1, &parts.ratchet_key);
        if form == 1 {
            put_bytes(&mut body, 4, &parts.ciphertext);
        }
        put_wide_varint_field(
            &mut body,
            2,
            u64::from(parts.counter),
            if form == 2 { 4 } else { 1 },
        );
        put_varint_field(&mut body, 3, u64::from(parts.previous_counter));
        if form != 1 {
            put_bytes(&mut body, 4, &parts.ciphertext);
        }
        scene.reads_as(what, &draft.seal_protobuf(&body), &text)?;
        scene.judge.skip()?;
    }
    scene.rounds(1)
}

/// Another low nibble than the one under the MAC: refused.
pub(super) fn version_byte_changed(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let message = scene.judge.seal(b"honest")?;
    for bit in 0..4 {
        scene.refuses_as("another low nibble", &flipped(&message, 0, bit)?, "invalid_message")?;
    }
    scene.reads(&message, b"honest")
}

/// Each low nibble is accepted when it is the one under the MAC.
pub(super) fn other_low_nibble_under_mac(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for version_byte in [0x33, 0x30, 0x3f, 0x34] {
        let text = scene.judge.words()?;
        let mut draft = scene.judge.draft(&text)?;
        draft.parts.version_byte = version_byte;
        scene.reads_as(&format!("version byte {version_byte:#04x}"), &draft.seal(), &text)?;
        scene.judge.skip()?;
    }
    scene.rounds(1)
}

/// An empty ciphertext, and some that are no whole blocks, under a right MAC.
pub(super) fn ciphertext_not_whole_blocks(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let honest = scene.judge.draft(b"honest")?;
    for length in [0, 1, 15, 17, 31] {
        let mut draft = honest.clone();
        draft.parts.ciphertext = run.random(length);
        scene.refuses_as(
            &format!("{length} bytes of ciphertext"),
            &draft.seal(),
            "invalid_message",
        )?;
    }
    scene.reads(&honest.seal(), b"honest")?;
    scene.judge.skip()?;
    scene.rounds(1)
}
