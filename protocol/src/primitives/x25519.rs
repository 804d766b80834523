//! X25519 (RFC 7748): 32-byte private keys, 32-byte u-coordinates.

/// The public key of `private` (clamped here), by the Edwards base-point tables.
pub(crate) fn public_key(private: &[u8; 32]) -> [u8; 32] {
    backend::public_key(private)
}

/// The agreement of `private` (clamped here) with the u-coordinate `public`.
///
/// The top bit of `public` is ignored and a value of 2^255-19 or more is reduced. The result is
/// 32 zero bytes for a point of small order: the caller decides whether that is an error.
pub(crate) fn agree(private: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
    backend::agree(private, public)
}

#[cfg(not(feature = "aws-lc"))]
mod backend {
    use curve25519_dalek::MontgomeryPoint;

    pub(super) fn public_key(private: &[u8; 32]) -> [u8; 32] {
        MontgomeryPoint::mul_base_clamped(*private).to_bytes()
    }

    pub(super) fn agree(private: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
        MontgomeryPoint(*public).mul_clamped(*private).to_bytes()
    }
}

#[cfg(feature = "aws-lc")]
mod backend {
    use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree as agree_with};
    use curve25519_dalek::MontgomeryPoint;

    pub(super) fn public_key(private: &[u8; 32]) -> [u8; 32] {
        by_aws_lc(private).unwrap_or_else(|| MontgomeryPoint::mul_base_clamped(*private).to_bytes())
    }

    fn by_aws_lc(private: &[u8; 32]) -> Option<[u8; 32]> {
        let key = PrivateKey::from_private_key(&X25519, private).ok()?;
        key.compute_public_key().ok()?.as_ref().try_into().ok()
    }

    // The library refuses an all-zero result; which answer that is, is the caller's to say.
    pub(super) fn agree(private: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
        let attempt = PrivateKey::from_private_key(&X25519, private).ok().and_then(|key| {
            let peer = UnparsedPublicKey::new(&X25519, public);
            agree_with(&key, peer, (), |shared| shared.try_into().map_err(|_| ())).ok()
        });
        attempt.unwrap_or_else(|| MontgomeryPoint(*public).mul_clamped(*private).to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_rfc_7748_section_6_1_agrees() {
        let bytes = |text: &str| <[u8; 32]>::try_from(hex::decode(text).unwrap()).unwrap();
        let alice = bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let bob = bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        let shared = bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        assert_eq!(agree(&alice, &public_key(&bob)), shared);
        assert_eq!(agree(&bob, &public_key(&alice)), shared);
    }

    #[test]
    fn a_point_of_small_order_gives_zero_bytes() {
        assert_eq!(agree(&[7; 32], &[0; 32]), [0; 32]);
    }
}
