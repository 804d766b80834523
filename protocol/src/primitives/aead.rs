//! ChaCha20-Poly1305 (RFC 8439), in place, 16-byte tag apart.

/// Encrypts `buffer` in place and returns its tag.
pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; 12], ad: &[u8], buffer: &mut [u8]) -> [u8; 16] {
    backend::seal(key, nonce, ad, buffer)
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

mod backend {
    use chacha20poly1305::aead::inout::InOutBuf;
    use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};

    pub(super) fn seal(key: &[u8; 32], nonce: &[u8; 12], ad: &[u8], buffer: &mut [u8]) -> [u8; 16] {
        ChaCha20Poly1305::new(key.into())
            .encrypt_inout_detached(nonce.into(), ad, InOutBuf::from(buffer))
            .map_or([0; 16], Into::into)
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
