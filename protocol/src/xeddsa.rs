//! XEdDSA: signatures by X25519 keys. Spec: `spec/identity.md#xeddsa`.
//!
//! Two rules of signing exist. The paper negates the key so that its Edwards point has sign 0;
//! libsignal signs with the key as it is and carries the sign in bit 7 of byte 63.

use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use crate::keys::{PrivateKey, PublicKey, Signature};
use crate::primitives::{Digest, EdwardsPoint, MontgomeryPoint, Scalar, Sha512};
use crate::problem::Problem;

/// Length of the random value that a signature takes in.
pub const RANDOM_LEN: usize = 64;

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The sign of A goes into bit 7 of byte 63.
    Libsignal,
    /// The key is negated when A has sign 1; bit 7 of byte 63 is clear.
    Paper,
}

/// How a signature is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verification {
    /// As libsignal: the sign of A from bit 7 of byte 63, s reduced modulo q.
    Compatible,
    /// The same, but s < q, and A neither of small order nor written in a second way.
    Strict,
    /// The paper's rule and everything strict: bit 7 of byte 63 must be clear.
    Native,
}

impl From<crate::profile::Profile> for Verification {
    fn from(profile: crate::profile::Profile) -> Self {
        match profile {
            crate::profile::Profile::Compatible => Self::Compatible,
            crate::profile::Profile::Strict => Self::Strict,
        }
    }
}

/// A signing key with its Edwards form computed once, for whoever signs more than one message.
#[derive(Clone)]
pub struct SigningKey {
    private: PrivateKey,
    /// `private` modulo q, negated if the rule wants it.
    scalar: Scalar,
    /// The compressed point A of `scalar`, sign bit included.
    point: [u8; 32],
    rule: Rule,
}

impl SigningKey {
    /// One base-point multiplication.
    pub fn new(private: &PrivateKey, rule: Rule) -> Self {
        let mut scalar = Scalar::from_bytes_mod_order(*private.as_bytes());
        let mut point = EdwardsPoint::mul_base(&scalar).compress().to_bytes();
        if let (Rule::Paper, [.., high]) = (rule, &mut point)
            && *high & 0x80 != 0
        {
            scalar = -scalar;
            *high &= 0x7f;
        }
        Self { private: private.clone(), scalar, point, rule }
    }

    /// Signs the concatenation of `message`, drawing 64 bytes.
    pub fn sign(&self, message: &[&[u8]], rng: &mut (impl CryptoRng + ?Sized)) -> Signature {
        let mut random = Zeroizing::new([0; RANDOM_LEN]);
        rng.fill_bytes(&mut *random);
        self.sign_with(message, &random)
    }

    /// Signs the concatenation of `message` with its random value given.
    pub fn sign_with(&self, message: &[&[u8]], random: &[u8; RANDOM_LEN]) -> Signature {
        let mut prefix = [0xff; 32];
        prefix.first_mut().into_iter().for_each(|byte| *byte = 0xfe);
        let secret = match self.rule {
            Rule::Libsignal => Zeroizing::new(*self.private.as_bytes()),
            Rule::Paper => Zeroizing::new(self.scalar.to_bytes()),
        };
        let mut nonce = hash(&[&prefix, &*secret], message, &[random]);
        let commitment = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
        let challenge = hash(&[&commitment, &self.point], message, &[]);
        let mut response = (nonce + challenge * self.scalar).to_bytes();
        nonce.zeroize();
        if let (Rule::Libsignal, [.., high], [.., sign]) = (self.rule, &mut response, &self.point) {
            *high |= *sign & 0x80;
        }
        let mut signature = [0; Signature::LEN];
        let parts = commitment.into_iter().chain(response);
        signature.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        Signature::from_bytes(signature)
    }
}

impl core::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl Drop for SigningKey {
    fn drop(&mut self) {
        self.scalar.zeroize();
    }
}

/// Checks `signature` over the concatenation of `message`.
///
/// # Errors
/// `bad_signature`, whatever was wrong.
pub fn verify(
    key: &PublicKey,
    message: &[&[u8]],
    signature: &Signature,
    how: Verification,
) -> Result<(), Problem> {
    check(key, message, signature, how).ok_or(Problem::BadSignature)
}

fn check(
    key: &PublicKey,
    message: &[&[u8]],
    signature: &Signature,
    how: Verification,
) -> Option<()> {
    let (commitment, response) = signature.as_bytes().split_first_chunk::<32>()?;
    let mut response: [u8; 32] = response.try_into().ok()?;
    let high = response.last_mut()?;
    let sign = *high >> 7;
    *high &= 0x7f;
    // 2^253 bounds what signers write; it is all the compatible rule asks of s.
    if *high & 0xe0 != 0 || (how == Verification::Native && sign != 0) {
        return None;
    }
    let point = MontgomeryPoint(*key.as_u()).to_edwards(sign)?;
    let response = match how {
        Verification::Compatible => Scalar::from_bytes_mod_order(response),
        Verification::Strict | Verification::Native => {
            if point.is_small_order() || !key.is_canonical() {
                return None;
            }
            Option::from(Scalar::from_canonical_bytes(response))?
        }
    };
    let compressed = point.compress().to_bytes();
    let challenge = hash(&[commitment, &compressed], message, &[]);
    let expected =
        EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &-point, &response);
    (expected.compress().as_bytes() == commitment).then_some(())
}

/// SHA-512 of all parts in order, modulo q.
fn hash(before: &[&[u8]], message: &[&[u8]], after: &[&[u8]]) -> Scalar {
    let mut hash = Sha512::new();
    for part in before.iter().chain(message).chain(after) {
        hash.update(part);
    }
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signed(private: [u8; 32], rule: Rule, message: &[u8]) -> (PublicKey, Signature) {
        let private = PrivateKey::from_bytes(private);
        let key = SigningKey::new(&private, rule);
        (private.public_key(), key.sign_with(&[message], &[3; 64]))
    }

    proptest! {
        #[test]
        fn what_was_signed_verifies(private: [u8; 32], message: Vec<u8>, flip in 0usize..512) {
            for (rule, ways) in [
                (Rule::Libsignal, &[Verification::Compatible, Verification::Strict][..]),
                (Rule::Paper, &[Verification::Compatible, Verification::Strict, Verification::Native]),
            ] {
                let (public, signature) = signed(private, rule, &message);
                let mut altered = *signature.as_bytes();
                altered[flip / 8] ^= 1 << (flip % 8);
                let altered = Signature::from_bytes(altered);
                for how in ways {
                    prop_assert_eq!(verify(&public, &[&message], &signature, *how), Ok(()));
                    prop_assert!(verify(&public, &[&message], &altered, *how).is_err());
                    prop_assert!(verify(&public, &[&message, b"x"], &signature, *how).is_err());
                }
            }
        }
    }

    #[test]
    fn only_the_compatible_rule_reduces_s() {
        const Q: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let (public, signature) = signed([9; 32], Rule::Paper, b"m");
        let mut bytes = *signature.as_bytes();
        let mut carry = 0u16;
        for (byte, q) in bytes[32..].iter_mut().zip(Q) {
            carry += u16::from(*byte) + u16::from(q);
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        let more = Signature::from_bytes(bytes);
        assert_eq!(verify(&public, &[b"m"], &more, Verification::Compatible), Ok(()));
        assert!(verify(&public, &[b"m"], &more, Verification::Strict).is_err());
        assert!(verify(&public, &[b"m"], &more, Verification::Native).is_err());
    }

    #[test]
    fn a_key_of_small_order_is_refused_by_the_strict_rules() {
        for how in [Verification::Strict, Verification::Native] {
            for n in 0..32u8 {
                let (_, signature) = signed([9; 32], Rule::Paper, &[n]);
                assert!(verify(&PublicKey::from_u([0; 32]), &[&[n]], &signature, how).is_err());
            }
        }
    }
}
