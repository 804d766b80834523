//! Both sides derive the same keys, and write the same bytes with them.

use countersign_vectors::naive::{
    bugs::Bugs,
    primitives::{cbc_encrypt, pad},
    ratchet::mac,
};

use crate::{
    case::Outcome,
    expect::{expect_bytes, expect_eq},
    run::Run,
    scene::{Scene, forge},
};

/// Eight ratchet steps on either side, whoever began, and each message is read.
pub(super) fn root_steps_agree(run: &mut Run) -> Outcome {
    Scene::judge_began(run)?.rounds(4)?;
    Scene::subject_began(run)?.rounds(4)
}

/// Six messages in one chain of either side, without a ratchet step between them.
pub(super) fn chain_steps_agree(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for _ in 0..6 {
        scene.tell()?;
    }
    for _ in 0..6 {
        scene.hear()?;
    }
    Ok(())
}

/// The subject's ciphertext is what the derived key and IV give; one zero IV for all would show first blocks that are equal.
pub(super) fn body_iv_is_derived(run: &mut Run) -> Outcome {
    for length in [16, 40] {
        let plaintext = run.random(length);
        ciphertext_is_exact(run, &plaintext)?;
    }
    Ok(())
}

/// Bodies of many blocks are AES-256-CBC in both directions.
pub(super) fn body_is_cbc(run: &mut Run) -> Outcome {
    let plaintext = run.random(1000);
    ciphertext_is_exact(run, &plaintext)?;
    let mut scene = Scene::judge_began(run)?;
    let message = scene.judge.seal(&plaintext)?;
    scene.reads(&message, &plaintext)
}

fn ciphertext_is_exact(run: &mut Run, plaintext: &[u8]) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let message = scene.subject.encrypt(&scene.judge.address(), plaintext)?;
    let read = forge::ratchet_of(&message)?;
    let keys = forge::keys_of(scene.judge.session()?, &read)?;
    let padded = pad(plaintext, Bugs::NONE);
    let expected = cbc_encrypt(&keys.cipher_key, &keys.iv, &padded);
    expect_bytes("the ciphertext", &expected, &read.ciphertext)?;
    scene.heard(&message, plaintext)
}

/// The last eight bytes are the MAC over sender identity, receiver identity, version byte and protobuf, in this order.
pub(super) fn mac_covers_both_identities(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let message = scene.subject.encrypt(&scene.judge.address(), b"under a MAC")?;
    let read = forge::ratchet_of(&message)?;
    let keys = forge::keys_of(scene.judge.session()?, &read)?;
    let (sender, receiver) = (scene.subject.identity_public, scene.judge.identity());
    let expected = mac(&keys.mac_key, &sender, &receiver, &read.signed_part, Bugs::NONE);
    expect_bytes("the MAC", &expected, &read.mac)?;
    scene.heard(&message, b"under a MAC")
}

/// With its draws known, each message of the subject is the one that the specification gives, byte for byte.
pub(super) fn bytes_follow_from_draws(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    let mut twin = scene.twin()?;
    scene.judge.initiate(&scene.bundle()?)?;
    for _ in 0..4 {
        let (text, drawn) = (scene.judge.words()?, run.bytes::<32>());
        let message = scene.judge.seal(&text)?;
        scene.subject.load_rng(&drawn)?;
        scene.reads(&message, &text)?;
        twin.load(&drawn);
        twin.open(&message)?;
        for _ in 0..2 {
            let expected = twin.seal(&text)?;
            let sent = scene.subject.encrypt(&scene.judge.address(), &text)?;
            expect_eq("the type", &expected.kind, &sent.kind)?;
            expect_bytes("the message", &expected.bytes, &sent.bytes)?;
            scene.heard(&sent, &text)?;
        }
    }
    Ok(())
}
