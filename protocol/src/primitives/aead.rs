//! ChaCha20-Poly1305 (RFC 8439), in place, 16-byte tag apart.

use zeroize::Zeroize;

/// Encrypts `buffer` in place and returns its tag.
///
/// A buffer of 256 GiB or more cannot be encrypted. It is wiped, so that nothing is sent in clear.
pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; 12], ad: &[u8], buffer: &mut [u8]) -> [u8; 16] {
    backend::seal(key, nonce, ad, buffer).unwrap_or_else(|| {
        buffer.zeroize();
        [0; 16]
    })
}

/// Decrypts `buffer` in place when `tag` fits. Otherwise `None`, and `buffer` is of no use.
#[must_use]
pub(crate) fn open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    ad: &[u8],
    buffer: &mut [u8],
    tag: &[u8; 16],
) -> Option<()> {
    backend::open(key, nonce, ad, buffer, tag)
}

#[cfg(not(feature = "aws-lc"))]
mod backend {
    use chacha20poly1305::aead::inout::InOutBuf;
    use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};

    pub(super) fn seal(
        key: &[u8; 32],
        nonce: &[u8; 12],
        ad: &[u8],
        buffer: &mut [u8],
    ) -> Option<[u8; 16]> {
        let cipher = ChaCha20Poly1305::new(key.into());
        let tag = cipher.encrypt_inout_detached(nonce.into(), ad, InOutBuf::from(buffer));
        tag.ok().map(Into::into)
    }

    pub(super) fn open(
        key: &[u8; 32],
        nonce: &[u8; 12],
        ad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Option<()> {
        ChaCha20Poly1305::new(key.into())
            .decrypt_inout_detached(nonce.into(), ad, InOutBuf::from(buffer), tag.into())
            .ok()
    }
}

#[cfg(feature = "aws-lc")]
mod backend {
    use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

    fn cipher(key: &[u8; 32]) -> Option<LessSafeKey> {
        UnboundKey::new(&CHACHA20_POLY1305, key).ok().map(LessSafeKey::new)
    }

    pub(super) fn seal(
        key: &[u8; 32],
        nonce: &[u8; 12],
        ad: &[u8],
        buffer: &mut [u8],
    ) -> Option<[u8; 16]> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = cipher(key)?.seal_in_place_separate_tag(nonce, Aad::from(ad), buffer).ok()?;
        tag.as_ref().try_into().ok()
    }

    pub(super) fn open(
        key: &[u8; 32],
        nonce: &[u8; 12],
        ad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Option<()> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let aad = Aad::from(ad);
        cipher(key)?.open_in_place_separate_tag(nonce, aad, tag, buffer).ok().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use chacha20poly1305::aead::{Aead, Payload};
    use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn either_backend_writes_the_same_bytes(
            key: [u8; 32],
            nonce: [u8; 12],
            ad in proptest::collection::vec(any::<u8>(), 0..90),
            plaintext in proptest::collection::vec(any::<u8>(), 0..200),
            flip in any::<proptest::sample::Index>(),
        ) {
            let mut buffer = plaintext.clone();
            let mut tag = seal(&key, &nonce, &ad, &mut buffer);
            let expected = ChaCha20Poly1305::new(&key.into())
                .encrypt(&nonce.into(), Payload { msg: &plaintext, aad: &ad })
                .unwrap();
            prop_assert_eq!([&buffer[..], &tag].concat(), expected);
            prop_assert_eq!(open(&key, &nonce, &ad, &mut buffer.clone(), &tag), Some(()));
            let bit = flip.index(128);
            tag[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(open(&key, &nonce, &ad, &mut buffer, &tag), None);
        }
    }
}
