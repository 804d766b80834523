//! ChaCha20-Poly1305 and XChaCha20-Poly1305, put together from stream cipher and authenticator.
//!
//! RFC 8439 section 2.8; `draft-irtf-cfrg-xchacha` for the 24-byte nonce.

use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use chacha20::{ChaCha20, XChaCha20};
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;

/// The authenticator's length in bytes.
pub const TAG: usize = 16;

/// A stream cipher set up with key and nonce, standing at block 0.
trait Stream: StreamCipher + StreamCipherSeek {}
impl<T: StreamCipher + StreamCipherSeek> Stream for T {}

/// Seals with a 12-byte nonce. Gives ciphertext ‖ tag 16.
pub fn seal(key: &[u8; 32], nonce: &[u8; 12], ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    seal_with(ChaCha20::new(key.into(), nonce.into()), ad, plaintext)
}

/// Opens [`seal`]. Compares the first `compared` bytes of the tag, which should be all 16.
pub fn open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    ad: &[u8],
    sealed: &[u8],
    compared: usize,
) -> Option<Vec<u8>> {
    open_with(ChaCha20::new(key.into(), nonce.into()), ad, sealed, compared)
}

/// Seals with a 24-byte nonce. Gives ciphertext ‖ tag 16.
pub fn xseal(key: &[u8; 32], nonce: &[u8; 24], ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    seal_with(XChaCha20::new(key.into(), nonce.into()), ad, plaintext)
}

/// Opens [`xseal`].
pub fn xopen(key: &[u8; 32], nonce: &[u8; 24], ad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    open_with(XChaCha20::new(key.into(), nonce.into()), ad, sealed, TAG)
}

fn seal_with(mut stream: impl Stream, ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let authenticator = one_time_key(&mut stream);
    let mut out = plaintext.to_vec();
    stream.apply_keystream(&mut out);
    let tag = tag(&authenticator, ad, &out);
    out.extend_from_slice(&tag);
    out
}

fn open_with(
    mut stream: impl Stream,
    ad: &[u8],
    sealed: &[u8],
    compared: usize,
) -> Option<Vec<u8>> {
    let (body, received) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
    let authenticator = one_time_key(&mut stream);
    let expected = tag(&authenticator, ad, body);
    (expected.get(..compared)? == received.get(..compared)?).then_some(())?;
    let mut out = body.to_vec();
    stream.apply_keystream(&mut out);
    Some(out)
}

/// The first half of block 0, which leaves the stream at block 1.
fn one_time_key(stream: &mut impl Stream) -> [u8; 32] {
    let mut key = [0; 32];
    stream.apply_keystream(&mut key);
    stream.seek(64_u32);
    key
}

/// Poly1305 over AD ‖ zeros ‖ ciphertext ‖ zeros ‖ LE64(|AD|) ‖ LE64(|ciphertext|).
fn tag(key: &[u8; 32], ad: &[u8], body: &[u8]) -> [u8; TAG] {
    let mut input = Vec::new();
    for part in [ad, body] {
        input.extend_from_slice(part);
        input.resize(input.len().next_multiple_of(16), 0);
    }
    input.extend_from_slice(&(ad.len() as u64).to_le_bytes());
    input.extend_from_slice(&(body.len() as u64).to_le_bytes());
    Poly1305::new(key.into()).compute_unpadded(&input).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8439 section 2.8.2.
    #[test]
    fn the_rfc_example_comes_out() {
        let key: [u8; 32] = std::array::from_fn(|i| 0x80 + i as u8);
        let nonce = [7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47];
        let ad = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let text: &[u8] = b"Ladies and Gentlemen of the class of '99: If I could offer you \
                            only one tip for the future, sunscreen would be it.";
        let sealed = seal(&key, &nonce, &ad, text);
        assert_eq!(hex::encode(&sealed[..8]), "d31a8d34648e60db");
        assert_eq!(hex::encode(&sealed[114..]), "1ae10b594f09e26a7e902ecbd0600691");
        assert_eq!(open(&key, &nonce, &ad, &sealed, TAG).as_deref(), Some(text));
        assert_eq!(open(&key, &nonce, b"", &sealed, TAG), None);
    }

    /// `draft-irtf-cfrg-xchacha-03` appendix A.3.1.
    #[test]
    fn the_xchacha_draft_example_comes_out() {
        let key: [u8; 32] = std::array::from_fn(|i| 0x80 + i as u8);
        let nonce: [u8; 24] = std::array::from_fn(|i| 0x40 + i as u8);
        let ad = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let text: &[u8] = b"Ladies and Gentlemen of the class of '99: If I could offer you \
                            only one tip for the future, sunscreen would be it.";
        let sealed = xseal(&key, &nonce, &ad, text);
        assert_eq!(hex::encode(&sealed[..8]), "bd6d179d3e83d43b");
        assert_eq!(hex::encode(&sealed[114..]), "c0875924c1c7987947deafd8780acf49");
        assert_eq!(xopen(&key, &nonce, &ad, &sealed).as_deref(), Some(text));
    }
}
