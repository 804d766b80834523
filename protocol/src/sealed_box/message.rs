//! One message to several devices in suite `box-xchacha20`. Spec: `spec/box.md`.
//!
//! ```text
//! content = XChaCha20-Poly1305(content key 32, nonce 0×24, no associated data): ciphertext ‖ tag 16
//! slot    = nonce 24 ‖ box(header ‖ content key 32 ‖ SHA-256(content) 32)
//! ```
//!
//! Every slot is a box from the sender's static key: an ephemeral key would authenticate nobody.
//! The hash binds the content to the slot, since every recipient device knows the content key and
//! could otherwise give the others a content of its own. The content key is drawn anew for each
//! message, which is what makes the zero nonce sound.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand_core::CryptoRng;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{BoxNonce, BoxPrivateKey, BoxPublicKey, BoxSuite, SharedBoxKey, TAG_LENGTH};
use crate::primitives::{Digest, Sha256};
use crate::problem::Problem;

const NONCE_LENGTH: usize = 24;
const CONTENT_KEY_LENGTH: usize = 32;
const CONTENT_HASH_LENGTH: usize = 32;

/// A sealed message: one content, and a slot for each recipient device in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedMessage {
    /// The content's ciphertext, its tag last.
    pub content: Vec<u8>,
    /// Nonce 24 ‖ box, one per recipient device.
    pub slots: Vec<Vec<u8>>,
}

/// What a recipient device finds.
pub struct OpenedMessage {
    /// The header, which only this device's slot holds.
    pub header: Zeroizing<Vec<u8>>,
    /// The content, which all devices share.
    pub content: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for OpenedMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenedMessage(..)")
    }
}

/// Seals one message for several devices.
///
/// Draws the content key (32 bytes), then a nonce (24 bytes) for each recipient in order. Nothing
/// is drawn when a recipient's key is refused.
///
/// # Errors
/// `bad_agreement` when a recipient's key agrees on zero; `invalid_message`
/// past 256 GiB.
pub fn seal(
    rng: &mut (impl CryptoRng + ?Sized),
    sender: &BoxPrivateKey,
    recipients: &[BoxPublicKey],
    header: &[u8],
    content: &[u8],
) -> Result<SealedMessage, Problem> {
    let shared_keys = recipients
        .iter()
        .map(|recipient| BoxSuite::XChaCha20.agree(sender, recipient))
        .collect::<Result<Vec<_>, _>>()?;

    let mut content_key = Zeroizing::new([0; CONTENT_KEY_LENGTH]);
    rng.fill_bytes(&mut *content_key);
    let mut ciphertext = content.to_vec();
    XChaCha20Poly1305::new((&*content_key).into())
        .encrypt_in_place(&XNonce::default(), &[], &mut ciphertext)
        .map_err(|_too_long| Problem::InvalidMessage)?;

    let slot_length = header.len() + CONTENT_KEY_LENGTH + CONTENT_HASH_LENGTH;
    let mut slot = Zeroizing::new(Vec::with_capacity(slot_length));
    slot.extend_from_slice(header);
    slot.extend_from_slice(&*content_key);
    slot.extend_from_slice(&Sha256::digest(&ciphertext));

    let slots = shared_keys
        .iter()
        .map(|key| {
            let nonce = BoxNonce::generate(rng);
            let boxed = key.seal(&nonce, &slot)?;
            Ok([nonce.as_bytes(), boxed.as_slice()].concat())
        })
        .collect::<Result<_, Problem>>()?;
    Ok(SealedMessage { content: ciphertext, slots })
}

/// Opens one's own slot of a message, and the content that it names.
///
/// # Errors
/// `too_short` for a slot below 40 bytes or a content below 16,
/// `bad_agreement`, and `invalid_message` for everything else: a slot that
/// does not open, a content of another hash, a content that does not open.
pub fn open(
    own: &BoxPrivateKey,
    sender: &BoxPublicKey,
    slot: &[u8],
    content: &[u8],
) -> Result<OpenedMessage, Problem> {
    let (nonce, boxed) = slot.split_at_checked(NONCE_LENGTH).ok_or(Problem::TooShort)?;
    if boxed.len() < TAG_LENGTH || content.len() < TAG_LENGTH {
        return Err(Problem::TooShort);
    }
    let shared_key = BoxSuite::XChaCha20.agree(own, sender)?;
    open_slot(&shared_key, &BoxNonce::decode(nonce)?, boxed, content)
}

fn open_slot(
    shared_key: &SharedBoxKey,
    nonce: &BoxNonce,
    boxed: &[u8],
    content: &[u8],
) -> Result<OpenedMessage, Problem> {
    let slot = shared_key.open(nonce, boxed)?;
    let (rest, content_hash) =
        slot.split_last_chunk::<CONTENT_HASH_LENGTH>().ok_or(Problem::InvalidMessage)?;
    let (header, content_key) =
        rest.split_last_chunk::<CONTENT_KEY_LENGTH>().ok_or(Problem::InvalidMessage)?;
    if !bool::from(Sha256::digest(content).as_slice().ct_eq(content_hash)) {
        return Err(Problem::InvalidMessage);
    }
    let mut plaintext = Zeroizing::new(content.to_vec());
    XChaCha20Poly1305::new(content_key.into())
        .decrypt_in_place(&XNonce::default(), &[], &mut *plaintext)
        .map_err(|_refused| Problem::InvalidMessage)?;
    Ok(OpenedMessage { header: Zeroizing::new(header.to_vec()), content: plaintext })
}
