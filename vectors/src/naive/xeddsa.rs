//! XEdDSA: signatures with X25519 keys.
//! Spec: spec/identity.md

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::Scalar;

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::keys::{Private, Profile, Public, is_canonical, raw};
use super::primitives::sha512;

/// The two ways to treat the sign of A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The sign bit of A travels in bit 7 of byte 63.
    Libsignal,
    /// The key is negated when A has sign 1; bit 7 of byte 63 is always clear.
    Paper,
}

/// q, the order of the base point, little-endian.
pub const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Signs `message` with a clamped private key and 64 random bytes.
///
/// r = SHA-512(0xFE ‖ 0xFF×31 ‖ k ‖ M ‖ Z) mod q, s = r + h·a mod q. By the paper's rule k in that
/// hash is the scalar a itself, after negation, as the paper writes hash_1(a ‖ M ‖ Z).
pub fn sign(
    private: &Private,
    message: &[u8],
    random: &[u8; 64],
    rule: Rule,
    bugs: Bugs,
) -> [u8; 64] {
    let mut a = Scalar::from_bytes_mod_order(*private);
    let mut hashed_key = *private;
    let mut public = EdwardsPoint::mul_base(&a).compress().to_bytes();
    if rule == Rule::Paper {
        let negate = public[31] & 0x80 != 0 && !bugs.has(Bug::Identity11PaperSignBitSet);
        if negate {
            a = -a;
            public[31] &= 0x7f;
        }
        hashed_key = a.to_bytes();
    }
    let mut prefix = [0xff; 32];
    prefix[0] = 0xfe;
    let z: &[u8] = if bugs.has(Bug::Identity1NoRandom) { &[] } else { random };
    let r = wide(&sha512(&[&prefix, &hashed_key, message, z]));
    let big_r = EdwardsPoint::mul_base(&r).compress().to_bytes();
    let h = wide(&sha512(&[&big_r, &public, message]));
    let s = (r + h * a).to_bytes();
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&big_r);
    signature[32..].copy_from_slice(&s);
    if !bugs.has(Bug::Identity2SignBitClear) {
        signature[63] |= public[31] & 0x80;
    }
    signature
}

/// A signature of the libsignal rule whose R has the other sign of x, while s belongs to the right R.
///
/// Only the key's holder can make it, and nobody must accept it: who compares less than all of R does.
pub fn sign_with_negated_r(private: &Private, message: &[u8], random: &[u8; 64]) -> [u8; 64] {
    let a = Scalar::from_bytes_mod_order(*private);
    let public = EdwardsPoint::mul_base(&a).compress().to_bytes();
    let r = wide(random);
    let mut big_r = EdwardsPoint::mul_base(&r).compress().to_bytes();
    big_r[31] ^= 0x80;
    let h = wide(&sha512(&[&big_r, &public, message]));
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&big_r);
    signature[32..].copy_from_slice(&(r + h * a).to_bytes());
    signature[63] |= public[31] & 0x80;
    signature
}

/// Verifies a signature under a public key; every refusal is `bad_signature`.
pub fn verify(
    public: &Public,
    message: &[u8],
    signature: &[u8],
    profile: Profile,
    bugs: Bugs,
) -> Outcome<()> {
    let refused = |why: &str| Err(Fault::new(Code::BadSignature, why));
    let long = signature.len() > 64 && bugs.has(Bug::Identity4LongSignature);
    if signature.len() != 64 && !long {
        return refused("length");
    }
    let (mut big_r, mut s) = ([0; 32], [0; 32]);
    big_r.copy_from_slice(&signature[..32]);
    s.copy_from_slice(&signature[32..64]);
    let mut sign = s[31] >> 7;
    s[31] &= 0x7f;
    if profile == Profile::Native {
        if sign == 1 && !bugs.has(Bug::Identity12NativeSignBitTaken) {
            return refused("bit 7 of byte 63");
        }
        if !is_canonical(&raw(public)) && !bugs.has(Bug::Native16NonCanonicalKey) {
            return refused("u-coordinate not canonical");
        }
    } else if bugs.has(Bug::Identity3SignZeroAssumed) {
        sign = 0;
    }
    if s[31] & 0xe0 != 0 {
        if !bugs.has(Bug::Identity5TopBitsMasked) {
            return refused("s is 2^253 or more");
        }
        s[31] &= 0x1f;
    }
    if !is_reduced(&s) && unreduced_refused(profile, bugs) {
        return refused("s is q or more");
    }
    let Some(a) = MontgomeryPoint(raw(public)).to_edwards(sign) else {
        if bugs.has(Bug::Identity8NoPointAccepted) {
            return Ok(());
        }
        return refused("no Edwards point");
    };
    let small_allowed = profile == Profile::Compatible || bugs.has(Bug::Identity10SmallOrder);
    if a.is_small_order() && !small_allowed {
        return refused("key of small order");
    }
    let h = wide(&sha512(&[&big_r, &a.compress().to_bytes(), message]));
    let s = Scalar::from_bytes_mod_order(s);
    let expected = EdwardsPoint::mul_base(&s) - a * h;
    if expected.compress() == CompressedEdwardsY(big_r)
        || bugs.has(Bug::Identity9EverythingAccepted)
    {
        return Ok(());
    }
    refused("does not fit")
}

fn unreduced_refused(profile: Profile, bugs: Bugs) -> bool {
    match profile {
        Profile::Compatible => bugs.has(Bug::Identity6UnreducedRefused),
        Profile::Strict | Profile::Native => !bugs.has(Bug::Identity7UnreducedAccepted),
    }
}

/// True if the little-endian number is below q.
pub fn is_reduced(s: &[u8; 32]) -> bool {
    s.iter().rev().lt(ORDER.iter().rev())
}

/// A 64-byte hash as a number modulo q.
pub fn wide(hash: &[u8; 64]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(hash)
}
