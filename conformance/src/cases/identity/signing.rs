//! What a signer writes.

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::{KeyPair, Profile, clamp},
    xeddsa::{Rule, sign, verify},
};

use crate::{
    case::Outcome,
    expect::{expect_bytes, expect_different, expect_eq},
    run::Run,
    scene::judge::unreadable,
};

/// A private key whose Edwards point has this sign.
pub(in crate::cases) fn key_of_sign(run: &mut Run, wanted: u8) -> [u8; 32] {
    loop {
        let private = run.private_key();
        let signature = sign(&private, b"", &[0; 64], Rule::Libsignal, Bugs::NONE);
        if signature.last().is_some_and(|byte| byte >> 7 == wanted) {
            return private;
        }
    }
}

/// Two keys of either sign, in turn.
pub(super) fn keys_of_both_signs(run: &mut Run) -> [[u8; 32]; 4] {
    [0, 1, 0, 1].map(|sign| key_of_sign(run, sign))
}

/// Messages of several lengths by keys of both signs, one of them not clamped.
pub(super) fn exact_bytes(run: &mut Run) -> Outcome {
    for (private, length) in keys_of_both_signs(run).into_iter().zip([0, 33, 64, 1000]) {
        exact(run, &private, length, Rule::Libsignal)?;
    }
    let unclamped = run.bytes();
    exact(run, &unclamped, 50, Rule::Libsignal)
}

fn exact(run: &mut Run, private: &[u8; 32], length: usize, rule: Rule) -> Outcome {
    let (message, random) = (run.random(length), run.bytes::<64>());
    let name = if rule == Rule::Paper { "paper" } else { "libsignal" };
    let signature = run.subject.xeddsa_sign(private, &message, &random, name)?;
    let expected = sign(&clamp(*private), &message, &random, rule, Bugs::NONE);
    expect_bytes("the signature", &expected, &signature)
}

/// Other random bytes, another signature: R is not of key and message alone.
pub(super) fn randomness_counts(run: &mut Run) -> Outcome {
    let (private, message) = (run.private_key(), run.random(40));
    let public = KeyPair::new(private, Bugs::NONE).public;
    let mut signatures = Vec::new();
    for _ in 0..2 {
        let random = run.bytes();
        let signature = run.subject.xeddsa_sign(&private, &message, &random, "libsignal")?;
        verify(&public, &message, &signature, Profile::Compatible, Bugs::NONE)
            .map_err(|fault| unreadable("the signature", &fault))?;
        signatures.push(signature);
    }
    let [first, second] = signatures.as_slice() else { return Ok(()) };
    expect_different("two signatures with other random bytes", first, second)
}

/// Signatures by keys of either sign verify, and bit 7 of byte 63 is that sign.
pub(super) fn sign_bit(run: &mut Run) -> Outcome {
    for (private, sign) in keys_of_both_signs(run).into_iter().zip([0_u8, 1, 0, 1]) {
        let (message, random) = (run.random(33), run.bytes());
        let signature = run.subject.xeddsa_sign(&private, &message, &random, "libsignal")?;
        let [.., last] = signature;
        expect_eq("bit 7 of byte 63", &sign, &(last >> 7))?;
        let public = KeyPair::new(private, Bugs::NONE).public;
        verify(&public, &message, &signature, Profile::Compatible, Bugs::NONE)
            .map_err(|fault| unreadable("the signature", &fault))?;
    }
    Ok(())
}

/// By the paper's rule bit 7 of byte 63 is clear for keys of either sign, and the signature verifies under sign 0.
pub(super) fn paper_rule_negates(run: &mut Run) -> Outcome {
    for private in keys_of_both_signs(run) {
        let (message, random) = (run.random(33), run.bytes());
        let signature = run.subject.xeddsa_sign(&private, &message, &random, "paper")?;
        let [.., last] = signature;
        expect_eq("bit 7 of byte 63", &0, &(last >> 7))?;
        let public = KeyPair::new(private, Bugs::NONE).public;
        verify(&public, &message, &signature, Profile::Native, Bugs::NONE)
            .map_err(|fault| unreadable("the signature", &fault))?;
    }
    Ok(())
}

/// The paper's rule, byte for byte.
pub(super) fn paper_exact_bytes(run: &mut Run) -> Outcome {
    for (private, length) in keys_of_both_signs(run).into_iter().zip([0, 33, 64, 1000]) {
        exact(run, &private, length, Rule::Paper)?;
    }
    Ok(())
}
