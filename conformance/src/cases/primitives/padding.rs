//! The padding of bodies.

use countersign_vectors::naive::primitives::cbc_decrypt;

use crate::{
    case::Outcome,
    expect::expect_bytes,
    run::Run,
    scene::{
        Scene,
        forge::{keys_of, ratchet_of},
    },
};

/// Plaintexts of 0 to 33 bytes, the padding read byte by byte.
pub(super) fn written(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for length in 0..=33 {
        let text = run.random(length);
        let message = scene.subject.encrypt(&scene.judge.address(), &text)?;
        let read = ratchet_of(&message)?;
        let keys = keys_of(scene.judge.session()?, &read)?;
        let count = 16 - length % 16;
        let padded = [text.clone(), vec![count.to_le_bytes()[0]; count]].concat();
        let opened = cbc_decrypt(&keys.cipher_key, &keys.iv, &read.ciphertext);
        expect_bytes(&format!("the padded plaintext of {length} bytes"), &padded, &opened)?;
        scene.heard(&message, &text)?;
    }
    for length in 0..=17 {
        let text = run.random(length);
        let message = scene.judge.seal(&text)?;
        scene.reads_as(&format!("a plaintext of {length} bytes"), &message, &text)?;
    }
    Ok(())
}

/// Counts of 0, 17 and more than there is, and one wrong byte in the padding, each under a right MAC.
pub(super) fn every_byte_checked(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let honest = scene.judge.draft(b"honest")?;
    let with_end = |end: &[u8]| [vec![0x41; 32 - end.len()], end.to_vec()].concat();
    for end in [
        [0].as_slice(),
        &[17; 17],
        &[255; 32],
        &[1, 2],
        &[3, 4, 4, 4],
        &[4, 3, 4, 4],
        &[0, 0, 0, 4],
        &[0x41, 16],
        &[15, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16],
    ] {
        let message = honest.clone().with_padded(&with_end(end)).seal();
        scene.refuses_as(
            &format!("padding that ends in {end:02x?}"),
            &message,
            "invalid_message",
        )?;
    }
    scene.reads(&honest.seal(), b"honest")?;
    scene.judge.skip()?;
    scene.rounds(1)
}
