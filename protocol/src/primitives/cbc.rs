//! AES-256-CBC with PKCS#7 padding, in place.

use aes::Aes256;
use aes::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};

const BLOCK: usize = 16;

/// The length of the ciphertext of `plaintext` bytes: padded by 1 to 16 bytes.
pub(crate) const fn ciphertext_len(plaintext: usize) -> usize {
    plaintext - plaintext % BLOCK + BLOCK
}

/// Encrypts `buffer[from..]`, appending the padding first.
pub(crate) fn encrypt_tail(key: &[u8; 32], iv: &[u8; 16], buffer: &mut Vec<u8>, from: usize) {
    let plaintext = buffer.len().saturating_sub(from);
    let padding = BLOCK - plaintext % BLOCK;
    #[expect(clippy::cast_possible_truncation, reason = "1..=16")]
    buffer.resize(buffer.len() + padding, padding as u8);
    let (blocks, _) = Array::slice_as_chunks_mut(buffer.get_mut(from..).unwrap_or_default());
    cbc::Encryptor::<Aes256>::new(key.into(), iv.into()).encrypt_blocks(blocks);
}

/// Decrypts in place and takes the padding off. `None` when the length is no positive multiple of
/// 16 or any padding byte is wrong; `buffer` is then of no use.
///
/// Only for authenticated ciphertext: the time taken depends on the padding.
#[must_use]
pub(crate) fn decrypt(key: &[u8; 32], iv: &[u8; 16], buffer: &mut Vec<u8>) -> Option<()> {
    let (blocks, rest) = Array::slice_as_chunks_mut(buffer.as_mut_slice());
    if !rest.is_empty() {
        return None;
    }
    cbc::Decryptor::<Aes256>::new(key.into(), iv.into()).decrypt_blocks(blocks);
    let padding = usize::from(*buffer.last()?);
    let plaintext = buffer.len().checked_sub(padding)?;
    let tail = buffer.get(plaintext..)?;
    let fits = (1..=BLOCK).contains(&padding) && tail.iter().all(|b| usize::from(*b) == padding);
    fits.then(|| buffer.truncate(plaintext))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encrypted_decrypts() {
        for len in 0..50 {
            let mut buffer = vec![9; len + 3];
            encrypt_tail(&[1; 32], &[2; 16], &mut buffer, 3);
            assert_eq!(buffer.len(), 3 + ciphertext_len(len));
            let mut ciphertext = buffer.split_off(3);
            assert_eq!(decrypt(&[1; 32], &[2; 16], &mut ciphertext), Some(()));
            assert_eq!(ciphertext, vec![9; len]);
        }
    }

    #[test]
    fn an_empty_or_broken_ciphertext_is_refused() {
        assert_eq!(decrypt(&[1; 32], &[2; 16], &mut vec![]), None);
        assert_eq!(decrypt(&[1; 32], &[2; 16], &mut vec![0; 15]), None);
    }
}
