//! Other encodings of a signature: the same numbers, other bytes.

use countersign_vectors::naive::xeddsa::ORDER;

/// s + q in the place of s, which a verifier that reduces takes for the same. The sign bit stays.
pub(super) fn plus_order(signature: &[u8]) -> Vec<u8> {
    let mut out = signature.to_vec();
    let sign = out.last().copied().unwrap_or_default() & 0x80;
    let mut carry = 0;
    for (at, order) in ORDER.iter().enumerate() {
        let Some(byte) = out.get_mut(32 + at) else { continue };
        let low = if at == 31 { *byte & 0x7f } else { *byte };
        let sum = u16::from(low) + u16::from(*order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    if let Some(last) = out.last_mut() {
        *last |= sign;
    }
    out
}

/// With the sign bit turned.
pub(super) fn sign_bit(signature: &[u8]) -> Vec<u8> {
    turned(signature, 0x80)
}

/// With the unused bits below it turned.
pub(super) fn high_bits(signature: &[u8]) -> Vec<u8> {
    turned(signature, 0x60)
}

fn turned(signature: &[u8], bits: u8) -> Vec<u8> {
    let mut out = signature.to_vec();
    if let Some(last) = out.last_mut() {
        *last ^= bits;
    }
    out
}
