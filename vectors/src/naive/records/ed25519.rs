//! Ed25519 (RFC 8032), written out.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::{Scalar, clamp_integer};

use crate::naive::primitives::{cut32, sha512};
use crate::naive::xeddsa::{is_reduced, wide};

/// The public key of a seed.
pub fn public_of(seed: &[u8; 32]) -> [u8; 32] {
    EdwardsPoint::mul_base(&secret_scalar(seed)).compress().to_bytes()
}

fn secret_scalar(seed: &[u8; 32]) -> Scalar {
    Scalar::from_bytes_mod_order(clamp_integer(cut32(&sha512(&[seed]), 0)))
}

/// r = SHA-512(prefix ‖ M), s = r + SHA-512(R ‖ A ‖ M) a.
pub fn sign(seed: &[u8; 32], message: &[u8]) -> [u8; 64] {
    let (a, public) = (secret_scalar(seed), public_of(seed));
    let prefix = cut32(&sha512(&[seed]), 32);
    let r = wide(&sha512(&[&prefix, message]));
    let big_r = EdwardsPoint::mul_base(&r).compress().to_bytes();
    let s = r + wide(&sha512(&[&big_r, &public, message])) * a;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&big_r);
    signature[32..].copy_from_slice(s.as_bytes());
    signature
}

/// Strictly: s < q, and neither A nor R of small order or written in a second way.
pub fn verifies(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let (big_r, s) = (cut32(signature, 0), cut32(signature, 32));
    let (Some(a), Some(r)) = (point(public), point(&big_r)) else { return false };
    let h = wide(&sha512(&[&big_r, public, message]));
    is_reduced(&s) && EdwardsPoint::mul_base(&Scalar::from_bytes_mod_order(s)) == r + a * h
}

fn point(bytes: &[u8; 32]) -> Option<EdwardsPoint> {
    let point = CompressedEdwardsY(*bytes).decompress()?;
    (point.compress().to_bytes() == *bytes && !point.is_small_order()).then_some(point)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032 section 7.1, test 2.
    #[test]
    fn the_rfc_example_comes_out() {
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
        let public = public_of(&seed);
        assert_eq!(
            hex::encode(public),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        let signature = sign(&seed, &[0x72]);
        assert_eq!(
            hex::encode(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert!(verifies(&public, &[0x72], &signature));
        assert!(!verifies(&public, &[0x73], &signature));
        assert!(!verifies(&public, &[0x72], &crate::naive::records::malleable(&signature)));
    }
}
