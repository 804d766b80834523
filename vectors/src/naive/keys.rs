//! X25519 keys: clamping, the 33-byte form, agreement.
//! Spec: spec/primitives.md

use curve25519_dalek::montgomery::MontgomeryPoint;

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};

/// 32 bytes, clamped by [`take_private`].
pub type Private = [u8; 32];
/// `0x05 ‖ u-coordinate`.
pub type Public = [u8; 33];

/// How strict a decoder or verifier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As libsignal 0.72.1, laxness included.
    Compatible,
    /// signal-v3 with canonical encodings and no zero agreements.
    Strict,
    /// What suite ratchet-chacha20 demands.
    Native,
}

/// A private key and its public half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    pub private: Private,
    pub public: Public,
}

impl KeyPair {
    /// Takes in 32 private bytes.
    pub fn new(bytes: [u8; 32], bugs: Bugs) -> Self {
        let private = take_private(bytes, bugs);
        Self { private, public: public_of(&private) }
    }
}

/// Clears bits 0, 1, 2 of byte 0 and bit 7 of byte 31, sets bit 6 of byte 31.
pub const fn clamp(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[0] &= 0b1111_1000;
    bytes[31] &= 0b0111_1111;
    bytes[31] |= 0b0100_0000;
    bytes
}

/// A private key as it is kept: clamped.
pub fn take_private(bytes: [u8; 32], bugs: Bugs) -> Private {
    if bugs.has(Bug::Prim1Unclamped) { bytes } else { clamp(bytes) }
}

/// The public half in its 33-byte form.
pub fn public_of(private: &Private) -> Public {
    with_type(&MontgomeryPoint::mul_base_clamped(*private).to_bytes())
}

/// `0x05 ‖ u`.
pub fn with_type(u: &[u8; 32]) -> Public {
    let mut public = [5; 33];
    public[1..].copy_from_slice(u);
    public
}

/// The u-coordinate's 32 bytes.
pub fn raw(public: &Public) -> [u8; 32] {
    let mut u = [0; 32];
    u.copy_from_slice(&public[1..]);
    u
}

/// Decodes a public key as it stands in a message, a bundle or a request.
///
/// Refuses with `no_key_type`, `bad_key_type`, `bad_key_length` and, strict and native, `bad_key`.
pub fn decode_public(bytes: &[u8], profile: Profile, bugs: Bugs) -> Outcome<Public> {
    let strict = profile != Profile::Compatible;
    if bytes.is_empty() {
        if bugs.has(Bug::Prim5EmptyKeyMalformed) {
            return Err(Fault::malformed("empty key"));
        }
        return Err(Fault::new(Code::NoKeyType, "empty key"));
    }
    if bytes[0] != 5 && !bugs.has(Bug::Prim6KeyTypeIgnored) {
        return Err(Fault::new(Code::BadKeyType, format!("type {:#04x}", bytes[0])));
    }
    let mut public = [5; 33];
    if bytes.len() < 33 {
        if !bugs.has(Bug::Prim7ShortKeyPadded) {
            return Err(Fault::new(Code::BadKeyLength, format!("{} bytes", bytes.len())));
        }
        public[1..].fill(0);
        public[1..bytes.len()].copy_from_slice(&bytes[1..]);
        return Ok(public);
    }
    let tail_refused =
        if strict { !bugs.has(Bug::Prim9LongKeyCut) } else { bugs.has(Bug::Prim8LongKeyRefused) };
    if bytes.len() > 33 && tail_refused {
        return Err(Fault::new(Code::BadKeyLength, format!("{} bytes", bytes.len())));
    }
    public[1..].copy_from_slice(&bytes[1..33]);
    if strict && !is_canonical(&raw(&public)) && !canonical_check_off(profile, bugs) {
        return Err(Fault::new(Code::BadKey, "u-coordinate not canonical"));
    }
    if !strict && bugs.has(Bug::Prim10TopBitMasked) {
        public[32] &= 0x7f;
    }
    Ok(public)
}

fn canonical_check_off(profile: Profile, bugs: Bugs) -> bool {
    if profile == Profile::Native {
        bugs.has(Bug::Native16NonCanonicalKey)
    } else {
        bugs.has(Bug::Prim11NonCanonicalKey)
    }
}

/// True if `u` is below 2^255 - 19 (so the top bit is clear too).
pub fn is_canonical(u: &[u8; 32]) -> bool {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    u.iter().rev().lt(prime.iter().rev())
}

/// True if the birational map takes `u` to a point of Edwards25519: not so for u = -1 and the twist.
pub fn has_edwards_point(u: &[u8; 32]) -> bool {
    MontgomeryPoint(*u).to_edwards(0).is_some()
}

/// X25519 (RFC 7748), whatever comes out.
pub fn dh(private: &Private, public: &Public) -> [u8; 32] {
    MontgomeryPoint(raw(public)).mul_clamped(*private).to_bytes()
}

/// X25519 with the profile's rule about 32 zero bytes.
///
/// Refuses with `bad_agreement`.
pub fn agree(
    private: &Private,
    public: &Public,
    profile: Profile,
    bugs: Bugs,
) -> Outcome<[u8; 32]> {
    let mut public = *public;
    if bugs.has(Bug::Prim2TopBitInAgreement) && public[32] & 0x80 != 0 {
        public = reduced_with_top_bit(&public);
    }
    let shared = dh(private, &public);
    let zero_refused = match profile {
        Profile::Compatible => bugs.has(Bug::Prim4ZeroAgreementRefused),
        Profile::Strict => !bugs.has(Bug::Prim3ZeroAgreementUsed),
        Profile::Native => !bugs.has(Bug::Native17ZeroAgreementUsed),
    };
    if shared == [0; 32] && zero_refused {
        return Err(Fault::new(Code::BadAgreement, "agreement is all zero"));
    }
    Ok(shared)
}

/// The 256-bit number taken as a whole, modulo 2^255 - 19: the top bit counts as 19.
fn reduced_with_top_bit(public: &Public) -> Public {
    let mut out = *public;
    out[32] &= 0x7f;
    let mut carry = 19;
    for byte in &mut out[1..] {
        let sum = u16::from(*byte) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    out
}
