//! The subject as sender: its key, its distribution message, its messages.

use countersign_vectors::naive::{
    bugs::Bugs,
    groups::{
        SenderKeys, chain_step,
        wire::{Distribution, SenderKeyMessage},
    },
    keys::{Profile, clamp, public_of},
};

use super::member::{Member, TEXT};
use crate::{
    case::{Outcome, Stop},
    expect::{expect_bytes, expect_different, expect_eq, expect_that, refuses_unchanged},
    run::Run,
    scene::judge::unreadable,
    subject::{party::Party, types::Suite},
};

fn described(message: &[u8]) -> Result<Distribution, Stop> {
    expect_eq("the version byte", &Some(&0x33_u8), &message.first())?;
    Distribution::decode(message, Profile::Strict, Bugs::NONE)
        .map_err(|fault| unreadable("a distribution message of the subject", &fault))
}

fn decoded(message: &[u8]) -> Result<SenderKeyMessage, Stop> {
    SenderKeyMessage::decode(message, Bugs::NONE)
        .map_err(|fault| unreadable("a group message of the subject", &fault))
}

/// Twenty-four keys: each has an iteration of 0, a chain id below 2^31, and nothing in common with another.
pub(super) fn fresh_key(run: &mut Run) -> Outcome {
    let subject = run.fresh_party(Suite::SignalV3)?;
    let mut last: Option<Distribution> = None;
    for _ in 0..24 {
        let made = described(&subject.create_distribution(&run.uuid())?)?;
        expect_eq("the first iteration", &0, &made.iteration)?;
        let id = made.chain_id;
        expect_that(id < 1 << 31, "the chain id", "below 2^31", id.to_string())?;
        if let Some(last) = &last {
            expect_different("two chain keys", &last.chain_key, &made.chain_key)?;
            expect_different("two signing keys", &last.signing_key, &made.signing_key)?;
        }
        last = Some(made);
    }
    Ok(())
}

/// Chain id, chain key and signing key follow from the draws, in this order.
pub(super) fn draws(run: &mut Run) -> Outcome {
    let subject = run.fresh_party(Suite::SignalV3)?;
    let (id, chain_key, signing): ([u8; 4], [u8; 32], [u8; 32]) =
        (run.bytes(), run.bytes(), run.bytes());
    subject.load_rng(&[&id[..], &chain_key, &signing].concat())?;
    let made = described(&subject.create_distribution(&run.uuid())?)?;
    expect_eq("the chain id", &(u32::from_le_bytes(id) >> 1), &made.chain_id)?;
    expect_bytes("the chain key", &chain_key, &made.chain_key)?;
    expect_bytes("the signing key", &public_of(&clamp(signing)), &made.signing_key)
}

/// Described again, at once and after three messages: the same key at its present iteration.
pub(super) fn repeated(run: &mut Run) -> Outcome {
    let (subject, id) = (run.fresh_party(Suite::SignalV3)?, run.uuid());
    let mut expected = described(&subject.create_distribution(&id)?)?;
    for _ in 0..4 {
        let again = described(&subject.create_distribution(&id)?)?;
        expect_eq("the key described again", &expected, &again)?;
        subject.group_encrypt(&id, TEXT)?;
        expected.chain_key = chain_step(&expected.chain_key, Bugs::NONE).1;
        expected.iteration += 1;
    }
    Ok(())
}

/// A reader of the judge's with the subject's key.
fn reader(subject: &Party, id: &str) -> Result<SenderKeys, Stop> {
    let mut reader = SenderKeys::default();
    let message = subject.create_distribution(id)?;
    reader
        .process_distribution((&subject.spec.name, 1), &message, Profile::Strict, Bugs::NONE)
        .map_err(|fault| unreadable("a distribution message of the subject", &fault))?;
    Ok(reader)
}

/// An honest reader reads texts of several lengths.
pub(super) fn written(run: &mut Run) -> Outcome {
    let (subject, id) = (run.fresh_party(Suite::SignalV3)?, run.uuid());
    let mut reader = reader(&subject, &id)?;
    for length in [0, 1, 15, 16, 17, 300] {
        let text = run.random(length);
        let message = subject.group_encrypt(&id, &text)?;
        let opened = reader
            .decrypt((&subject.spec.name, 1), &message, Profile::Strict, Bugs::NONE)
            .map_err(|fault| unreadable("a group message of the subject", &fault))?;
        expect_bytes("the plaintext of the subject's message", &text, &opened)?;
    }
    Ok(())
}

/// Iterations 0, 1, 2 and so on, one by one and in a run of many; one text never gives one ciphertext.
pub(super) fn each_iteration_once(run: &mut Run) -> Outcome {
    let (subject, id) = (run.fresh_party(Suite::SignalV3)?, run.uuid());
    subject.create_distribution(&id)?;
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(subject.group_encrypt(&id, TEXT)?);
    }
    let keep: Vec<u32> = (0..200).collect();
    sent.extend(
        subject.group_encrypt_many(&id, TEXT, 200, &keep)?.into_iter().map(|(_, message)| message),
    );
    let mut seen = Vec::new();
    for (expected, message) in (0_u32..).zip(&sent) {
        let message = decoded(message)?;
        expect_eq("the iteration", &expected, &message.iteration)?;
        let fresh = !seen.contains(&message.ciphertext);
        expect_that(fresh, "the ciphertext", "not sent before", "sent twice")?;
        seen.push(message.ciphertext);
    }
    expect_eq("the number of messages", &203, &sent.len())
}

/// Without a key of its own: never made, only received from others, forgotten.
pub(super) fn no_own_key(run: &mut Run) -> Outcome {
    let subject = run.fresh_party(Suite::SignalV3)?;
    let member = Member::new(run)?;
    let id = member.id.0.clone();
    let refuses =
        || refuses_unchanged(&subject, "no_sender_key", || subject.group_encrypt(&id, TEXT));
    refuses()?;
    subject.process_distribution(&member.peer, &member.distribution())?;
    refuses()?;
    subject.create_distribution(&run.uuid())?;
    refuses()?;
    subject.create_distribution(&id)?;
    subject.group_encrypt(&id, TEXT)?;
    subject.group_forget(&subject.peer(), &id)?;
    refuses()
}
