//! What a verifier accepts and refuses.

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::{KeyPair, Public, has_edwards_point, with_type},
    xeddsa::{ORDER, Rule, sign, sign_with_negated_r, verify},
};

use super::signing::{key_of_sign, keys_of_both_signs};
use crate::{
    case::{Failure, Outcome},
    expect::expect_refused,
    run::Run,
};

/// A signature of the judge's with its key and message.
struct Signed {
    public: Public,
    message: Vec<u8>,
    signature: [u8; 64],
}

fn signed(run: &mut Run, private: [u8; 32], rule: Rule) -> Signed {
    let message = run.random(40);
    let signature = sign(&private, &message, &run.bytes(), rule, Bugs::NONE);
    Signed { public: KeyPair::new(private, Bugs::NONE).public, message, signature }
}

impl Signed {
    fn accepted(&self, run: &Run, profile: &str, what: &str) -> Outcome {
        let answer =
            run.subject.xeddsa_verify(&self.public, &self.message, &self.signature, profile);
        match answer {
            Err(crate::case::CallError::Refused(refused)) => {
                Err(Failure::new(what, "ok", format!("err {}", refused.code)).into())
            }
            answer => Ok(answer?),
        }
    }

    /// Refused as it is, but with these bytes for a signature.
    fn refused(&self, run: &Run, profile: &str, signature: &[u8]) -> Outcome {
        let answer = run.subject.xeddsa_verify(&self.public, &self.message, signature, profile);
        expect_refused(answer, "bad_signature")
    }

    /// The same signature with bits of one byte changed.
    fn changed(&self, at: usize, bits: u8) -> [u8; 64] {
        let mut changed = self.signature;
        changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits);
        changed
    }
}

/// The profiles of the libsignal rule that the subject declares.
fn profiles(run: &Run) -> impl Iterator<Item = &'static str> + use<> {
    let declared = [("profile.compatible", "compatible"), ("profile.strict", "strict")]
        .map(|(capability, name)| run.has(capability).then_some(name));
    declared.into_iter().flatten()
}

/// Signatures of the libsignal rule by keys of either sign, and one of the paper's rule, verify.
pub(super) fn both_signs(run: &mut Run) -> Outcome {
    for profile in profiles(run) {
        for private in keys_of_both_signs(run) {
            let good = signed(run, private, Rule::Libsignal);
            good.accepted(run, profile, "a signature of the libsignal rule")?;
            let good = signed(run, private, Rule::Paper);
            good.accepted(run, profile, "a signature of the paper's rule")?;
        }
    }
    Ok(())
}

/// Nothing, 63 bytes, 65 bytes whose first 64 verify, and twice the signature.
pub(super) fn other_length(run: &mut Run) -> Outcome {
    for profile in profiles(run) {
        let private = run.private_key();
        let good = signed(run, private, Rule::Libsignal);
        let twice = good.signature.repeat(2);
        for length in [0, 1, 63, 65, 96, 128] {
            good.refused(run, profile, twice.get(..length).unwrap_or_default())?;
        }
        good.accepted(run, profile, "the whole signature")?;
    }
    Ok(())
}

/// Bits 5 and 6 of byte 63 set, which stand for 2^253 and 2^254; and s with a multiple of q that reaches them.
pub(super) fn top_bits_of_s(run: &mut Run) -> Outcome {
    for profile in profiles(run) {
        for private in keys_of_both_signs(run) {
            let good = signed(run, private, Rule::Libsignal);
            for bits in [0x20, 0x40, 0x60] {
                good.refused(run, profile, &good.changed(63, bits))?;
            }
            good.accepted(run, profile, "the signature without these bits")?;
            let mut multiple = with_q_added(&good.signature);
            for _ in 2..7 {
                multiple = with_q_added(&multiple);
                good.refused(run, profile, &multiple)?;
            }
        }
    }
    Ok(())
}

/// The same signature with q added to s, its sign bit kept.
pub(in crate::cases) fn with_q_added(signature: &[u8; 64]) -> [u8; 64] {
    let [.., last] = *signature;
    let mut sum = *signature;
    let mut carry = 0_u16;
    for (at, byte) in sum.iter_mut().skip(32).enumerate() {
        let own = if at == 31 { *byte & 0x7f } else { *byte };
        let total = u16::from(own) + u16::from(ORDER.get(at).copied().unwrap_or_default()) + carry;
        let [low, high] = total.to_le_bytes();
        *byte = low;
        carry = u16::from(high);
    }
    let [.., top] = &mut sum;
    *top |= last & 0x80;
    sum
}

/// s + q is another encoding of the same signature, and accepted.
pub(super) fn s_plus_q_accepted(run: &mut Run) -> Outcome {
    for private in keys_of_both_signs(run) {
        let mut good = signed(run, private, Rule::Libsignal);
        good.signature = with_q_added(&good.signature);
        good.accepted(run, "compatible", "the signature with s + q")?;
    }
    Ok(())
}

/// s + q is refused.
pub(super) fn s_plus_q_refused(run: &mut Run) -> Outcome {
    for private in keys_of_both_signs(run) {
        let good = signed(run, private, Rule::Libsignal);
        good.refused(run, "strict", &with_q_added(&good.signature))?;
        good.accepted(run, "strict", "the signature itself")?;
    }
    Ok(())
}

/// u = -1 and u-coordinates of the twist, under signatures of chance and good ones of another key.
pub(super) fn no_edwards_point(run: &mut Run) -> Outcome {
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    let mut points = vec![minus_one];
    while points.len() < 5 {
        let mut u: [u8; 32] = run.bytes();
        u[31] &= 0x3f;
        if !has_edwards_point(&u) {
            points.push(u);
        }
    }
    for profile in profiles(run) {
        for u in &points {
            let private = run.private_key();
            let mut bad = signed(run, private, Rule::Libsignal);
            bad.public = with_type(u);
            bad.refused(run, profile, &bad.signature)?;
            bad.refused(run, profile, &[0; 64])?;
            let mut chance: [u8; 64] = run.bytes();
            chance[63] &= 0x8f;
            bad.refused(run, profile, &chance)?;
        }
    }
    Ok(())
}

/// Any bit of R, s or the sign changed; another message; another key.
pub(super) fn does_not_fit(run: &mut Run) -> Outcome {
    for profile in profiles(run) {
        let (private, other) = (run.private_key(), run.private_key());
        let good = signed(run, private, Rule::Libsignal);
        for (at, bits) in [(0, 1), (31, 0x80), (15, 8), (32, 1), (50, 0x40), (63, 0x80)] {
            good.refused(run, profile, &good.changed(at, bits))?;
        }
        let message = [good.message.as_slice(), &[0]].concat();
        let longer = Signed { message, ..signed(run, private, Rule::Libsignal) };
        longer.refused(run, profile, &good.signature)?;
        let public = KeyPair::new(other, Bugs::NONE).public;
        let foreign = Signed { public, message: good.message.clone(), signature: good.signature };
        foreign.refused(run, profile, &good.signature)?;
        good.accepted(run, profile, "the signature itself")?;
    }
    Ok(())
}

/// R with the other sign of x, beside the s that belongs to it otherwise: refused where all 32 bytes of R are compared.
pub(super) fn negated_commitment(run: &mut Run) -> Outcome {
    for profile in profiles(run) {
        for private in keys_of_both_signs(run) {
            let good = signed(run, private, Rule::Libsignal);
            let negated = sign_with_negated_r(&private, &good.message, &run.bytes());
            good.refused(run, profile, &negated)?;
            good.accepted(run, profile, "an honest signature")?;
        }
    }
    Ok(())
}

/// Under a key of order 2 or 4, R = neutral and s = 0 is a signature of every second or fourth message: forged, refused.
pub(super) fn small_order_key(run: &mut Run) -> Outcome {
    use countersign_vectors::naive::keys::Profile::Compatible;
    let mut neutral = [0; 64];
    neutral[0] = 1;
    for first in [0, 1] {
        let mut u = [0; 32];
        u[0] = first;
        let public = with_type(&u);
        let mut message = run.random(40);
        while verify(&public, &message, &neutral, Compatible, Bugs::NONE).is_err() {
            message = run.random(40);
        }
        let forged = Signed { public, message, signature: neutral };
        forged.refused(run, "strict", &forged.signature)?;
    }
    Ok(())
}

/// With bit 7 of byte 63 set, neither a libsignal signature nor an altered one of the paper's rule verifies.
pub(super) fn paper_sign_bit_refused(run: &mut Run) -> Outcome {
    let one = key_of_sign(run, 1);
    let libsignal = signed(run, one, Rule::Libsignal);
    libsignal.refused(run, "native", &libsignal.signature)?;
    for private in keys_of_both_signs(run) {
        let good = signed(run, private, Rule::Paper);
        good.refused(run, "native", &good.changed(63, 0x80))?;
        good.accepted(run, "native", "the signature of the paper's rule")?;
    }
    Ok(())
}
