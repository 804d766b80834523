//! What a sender writes: counters, ratchet keys, and nothing twice.

use crate::{
    case::Outcome,
    expect::{expect_different, expect_eq, expect_that},
    run::Run,
    scene::{Scene, forge::ratchet_of},
};

/// After chains of one to four messages the next chain carries their last index; the first chain carries 0.
pub(super) fn previous_counter_is_last_index(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let first = ratchet_of(&scene.hear()?)?;
    expect_eq("previous_counter in the first chain", &0, &first.previous_counter)?;
    scene.rounds(1)?;
    for sent in 1..=4_u32 {
        for _ in 1..sent {
            scene.hear()?;
        }
        scene.tell()?;
        let first = ratchet_of(&scene.hear()?)?;
        let what = format!("previous_counter after a chain of {sent} messages");
        expect_eq(&what, &(sent - 1), &first.previous_counter)?;
    }
    Ok(())
}

/// The counters of a chain are 0, 1, 2, …, in the first chain of either role and in later ones.
pub(super) fn counts_from_zero(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    for _ in 0..2 {
        for expected in 0..4_u32 {
            let message = ratchet_of(&scene.hear()?)?;
            expect_eq("the counter", &expected, &message.counter)?;
        }
        scene.tell()?;
    }
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    for expected in 0..4_u32 {
        expect_eq("the counter", &expected, &ratchet_of(&scene.hear()?)?.counter)?;
    }
    Ok(())
}

/// More messages of a chain that is known do not end the sending chain; a new ratchet key does.
pub(super) fn one_chain_until_new_key(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    scene.tell()?;
    let earlier = scene.judge.party.clone();
    let first = ratchet_of(&scene.hear()?)?;
    let later = std::mem::replace(&mut scene.judge.party, earlier);
    scene.tell()?;
    let second = ratchet_of(&scene.subject.encrypt(&scene.judge.address(), b"in answer")?)?;
    expect_eq(
        "the ratchet key after more of a known chain",
        &first.ratchet_key,
        &second.ratchet_key,
    )?;
    expect_eq("the counter after more of a known chain", &(first.counter + 1), &second.counter)?;
    scene.judge.party = later;
    scene.tell()?;
    let third = ratchet_of(&scene.hear()?)?;
    expect_different("the ratchet key after a new chain", &second.ratchet_key, &third.ratchet_key)?;
    expect_eq("the counter after a new chain", &0, &third.counter)
}

/// Each ratchet step brings a ratchet key of the subject that it never used before.
pub(super) fn new_key_each_step(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let mut seen = vec![scene.subject.bundle(scene.signed_prekey, None)?.signed_prekey.public];
    for _ in 0..6 {
        scene.tell()?;
        let first = ratchet_of(&scene.hear()?)?;
        expect_eq("the counter of a new chain's first message", &0, &first.counter)?;
        let key = first.ratchet_key.to_vec();
        expect_that(
            !seen.contains(&key),
            "the ratchet key",
            "one never used before",
            hex::encode(&key),
        )?;
        seen.push(key);
    }
    Ok(())
}

/// Two copies made after the step send with one ratchet key: it was drawn when the message came, not when the answer went.
pub(super) fn key_drawn_in_the_step(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    scene.tell()?;
    let copy = scene.subject.fork()?;
    let mine = ratchet_of(&scene.subject.encrypt(&scene.judge.address(), b"answer")?)?;
    let others = ratchet_of(&copy.encrypt(&scene.judge.address(), b"answer")?)?;
    expect_eq("the ratchet key of both copies", &mine.ratchet_key, &others.ratchet_key)
}

/// One plaintext encrypted three times gives three ciphertexts and three counters.
pub(super) fn same_plaintext_twice(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let text = scene.judge.words()?;
    let mut last: Option<Vec<u8>> = None;
    for _ in 0..3 {
        let message = scene.subject.encrypt(&scene.judge.address(), &text)?;
        let read = ratchet_of(&message)?;
        if let Some(last) = &last {
            expect_different("two ciphertexts of one plaintext", last, &read.ciphertext)?;
        }
        last = Some(read.ciphertext);
        scene.heard(&message, &text)?;
    }
    Ok(())
}

/// A run of 2500 messages: counters in steps of one, no ciphertext twice, each readable.
pub(super) fn long_run(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let next = ratchet_of(&scene.hear()?)?.counter + 1;
    let keep: Vec<u32> = (0..2500).step_by(250).chain([2498, 2499]).collect();
    let sent = scene.subject.encrypt_many(&scene.judge.address(), b"again", 2500, &keep)?;
    expect_eq("the number of messages kept", &keep.len(), &sent.len())?;
    let mut seen = Vec::new();
    for kept in &sent {
        let read = ratchet_of(&kept.message)?;
        expect_eq("the counter", &(next + kept.index), &read.counter)?;
        expect_that(
            !seen.contains(&read.ciphertext),
            "the ciphertext",
            "not sent before",
            "sent twice",
        )?;
        seen.push(read.ciphertext);
        scene.heard(&kept.message, b"again")?;
    }
    Ok(())
}
