//! The message form: one content, a slot for each device.

use countersign_vectors::naive::{
    aead,
    boxes::{self, open_message, seal_slot},
    bugs::Bugs,
    primitives::sha256,
};

use super::key_pair;
use crate::{
    case::{Outcome, Stop},
    expect::{expect_bytes, expect_different, expect_eq, expect_refused},
    run::Run,
    scene::{
        judge::{defect, own, unreadable},
        small_order::SMALL_ORDER,
    },
    subject::keys::SealedMessage,
};

/// The subject seals for three devices, of which each opens its own slot: header, key and the content's hash.
pub(super) fn sealed_message(run: &mut Run) -> Outcome {
    let sender = key_pair(run);
    let recipients = [key_pair(run), key_pair(run), key_pair(run)];
    let publics = recipients.map(|recipient| recipient.1);
    for (header, length) in [(&b""[..], 0), (b"header", 1), (b"a longer header", 500)] {
        let text = run.random(length);
        let made = run.subject.box_seal_message(&sender.0, &publics, header, &text)?;
        expect_eq("the number of slots", &recipients.len(), &made.slots.len())?;
        for (recipient, slot) in recipients.iter().zip(&made.slots) {
            expect_eq("the length of a slot", &(104 + header.len()), &slot.len())?;
            let opened = open_message(&recipient.0, &sender.1, slot, &made.content, Bugs::NONE);
            let (opened, content) = opened.map_err(|fault| unreadable("a slot", &fault))?;
            expect_bytes("the header", header, &opened)?;
            expect_bytes("the content", &text, &content)?;
        }
    }
    Ok(())
}

/// A slot's text sealed by `sender` for `recipient`, and the content that goes with its key.
fn sealed_by(
    run: &mut Run,
    sender: &[u8; 32],
    recipient: &[u8; 32],
    header: &[u8],
    text: &[u8],
) -> Result<SealedMessage, Stop> {
    let key: [u8; 32] = run.bytes();
    let content = aead::xseal(&key, &[0; 24], b"", text);
    let inside = [header, &key, &sha256(&[&content])].concat();
    let slot = own(seal_slot(sender, recipient, &run.bytes(), &inside, Bugs::NONE))?;
    Ok(SealedMessage { content, slots: vec![slot] })
}

fn slot(made: &SealedMessage) -> Result<&[u8], Stop> {
    made.slots.first().map(Vec::as_slice).ok_or_else(|| defect("no slot"))
}

/// The subject opens what an honest sender made.
pub(super) fn opened_message(run: &mut Run) -> Outcome {
    let (sender, recipient) = (key_pair(run), key_pair(run));
    for (header, length) in [(&b""[..], 0), (b"header", 1), (b"a longer header", 500)] {
        let text = run.random(length);
        let made = sealed_by(run, &sender.0, &recipient.1, header, &text)?;
        let opened =
            run.subject.box_open_message(&recipient.0, &sender.1, slot(&made)?, &made.content)?;
        expect_bytes("the header", header, &opened.0)?;
        expect_bytes("the content", &text, &opened.1)?;
    }
    Ok(())
}

/// Content key first, then a nonce per recipient, in their order.
pub(super) fn draws(run: &mut Run) -> Outcome {
    let (sender, text) = (key_pair(run), run.random(40));
    let publics = [key_pair(run).1, key_pair(run).1];
    let draws =
        boxes::MessageDraws { content_key: run.bytes(), nonces: vec![run.bytes(), run.bytes()] };
    let recipients = publics.map(|public| public.to_vec());
    let expected =
        own(boxes::seal_message(&sender.0, &recipients, b"header", &text, &draws, Bugs::NONE))?;
    run.load_rng(&[&draws.content_key[..], &draws.nonces.concat()].concat())?;
    let made = run.subject.box_seal_message(&sender.0, &publics, b"header", &text)?;
    expect_bytes("the content", &expected.content, &made.content)?;
    expect_eq("the slots", &expected.slots, &made.slots)
}

/// One recipient of small order refuses the whole; a sender of small order opens nothing.
pub(super) fn zero_agreement_in_message(run: &mut Run) -> Outcome {
    let (sender, recipient) = (key_pair(run), key_pair(run));
    let made = sealed_by(run, &sender.0, &recipient.1, b"header", b"text")?;
    for weak in SMALL_ORDER {
        let publics = [recipient.1, weak];
        expect_refused(
            run.subject.box_seal_message(&sender.0, &publics, b"", b"text"),
            "bad_agreement",
        )?;
        let opened = run.subject.box_open_message(&recipient.0, &weak, slot(&made)?, &made.content);
        expect_refused(opened, "bad_agreement")?;
    }
    Ok(())
}

/// Another recipient knows the content key and makes other content under it: the slot's hash tells.
pub(super) fn exchanged_content(run: &mut Run) -> Outcome {
    let (sender, recipient) = (key_pair(run), key_pair(run));
    let key: [u8; 32] = run.bytes();
    let honest = aead::xseal(&key, &[0; 24], b"", b"pay ten to Bob");
    let inside = [b"header", &key[..], &sha256(&[&honest])].concat();
    let slot = own(seal_slot(&sender.0, &recipient.1, &run.bytes(), &inside, Bugs::NONE))?;
    for text in [&b"pay all to Eve"[..], b""] {
        let other = aead::xseal(&key, &[0; 24], b"", text);
        let opened = run.subject.box_open_message(&recipient.0, &sender.1, &slot, &other);
        expect_refused(opened, "invalid_message")?;
    }
    let opened = run.subject.box_open_message(&recipient.0, &sender.1, &slot, &honest)?;
    expect_bytes("the content", b"pay ten to Bob", &opened.1)
}

/// One bit of a slot's nonce, tag and text; content that fits the hash but not the key; a slot for somebody else.
pub(super) fn altered_message(run: &mut Run) -> Outcome {
    let (sender, recipient, other) = (key_pair(run), key_pair(run), key_pair(run));
    let made = sealed_by(run, &sender.0, &recipient.1, b"header", b"text")?;
    let open = |own: &[u8; 32], from: &[u8; 32], slot: &[u8], content: &[u8]| {
        expect_refused(run.subject.box_open_message(own, from, slot, content), "invalid_message")
    };
    for at in [0, 23, 24, 39, 40, 60, 100, 109] {
        let mut altered = slot(&made)?.to_vec();
        if let Some(byte) = altered.get_mut(at) {
            *byte ^= 4;
        }
        open(&recipient.0, &sender.1, &altered, &made.content)?;
    }
    open(&other.0, &sender.1, slot(&made)?, &made.content)?;
    open(&recipient.0, &other.1, slot(&made)?, &made.content)?;
    let content = aead::xseal(&other.0, &[0; 24], b"", b"text");
    let inside = [b"header", &sender.0[..], &sha256(&[&content])].concat();
    let wrong_key = own(seal_slot(&sender.0, &recipient.1, &[7; 24], &inside, Bugs::NONE))?;
    open(&recipient.0, &sender.1, &wrong_key, &content)
}

/// Slots without room for nonce and tag, content without room for a tag.
pub(super) fn short_message(run: &mut Run) -> Outcome {
    let (sender, recipient) = (key_pair(run), key_pair(run));
    let made = sealed_by(run, &sender.0, &recipient.1, b"header", b"text")?;
    for length in [0, 1, 23, 24, 39] {
        let cut = slot(&made)?.get(..length).unwrap_or_default();
        let opened = run.subject.box_open_message(&recipient.0, &sender.1, cut, &made.content);
        expect_refused(opened, "too_short")?;
    }
    for length in [0, 1, 15] {
        let cut = made.content.get(..length).unwrap_or_default();
        let opened = run.subject.box_open_message(&recipient.0, &sender.1, slot(&made)?, cut);
        expect_refused(opened, "too_short")?;
    }
    Ok(())
}

/// The same message to the same devices three times: no nonce and no content comes twice.
pub(super) fn fresh_key_and_nonces(run: &mut Run) -> Outcome {
    let sender = key_pair(run);
    let publics = [key_pair(run).1, key_pair(run).1, key_pair(run).1];
    let (mut nonces, mut contents): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let made =
            run.subject.box_seal_message(&sender.0, &publics, b"header", b"the same text")?;
        contents.push(made.content);
        nonces.extend(made.slots.iter().map(|slot| slot.iter().take(24).copied().collect()));
    }
    for (what, values) in [("two nonces", nonces), ("two contents", contents)] {
        for (number, value) in values.iter().enumerate() {
            for later in values.iter().skip(number + 1) {
                expect_different(what, value, later)?;
            }
        }
    }
    Ok(())
}
