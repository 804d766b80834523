//! Keys, body and MAC of one message.

use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::{Fault, Outcome};
use crate::naive::keys::Public;
use crate::naive::party::Session;
use crate::naive::primitives::{cbc_decrypt, cbc_encrypt, ctr, cut32, hkdf, hmac, pad, unpad};
use crate::naive::wire::{RatchetMessage, RatchetParts, VERSION_BYTE, encode_signal_message};

/// What a seed is expanded to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageKeys {
    pub cipher_key: [u8; 32],
    pub mac_key: [u8; 32],
    pub iv: [u8; 16],
}

/// The root step: (RK, DH) to (next RK, CK).
pub fn kdf_root(root_key: &[u8; 32], shared: &[u8; 32], bugs: Bugs) -> ([u8; 32], [u8; 32]) {
    let output = hkdf(root_key, shared, b"WhisperRatchet", 64);
    let (root, chain) = (cut32(&output, 0), cut32(&output, 32));
    if bugs.has(Bug::Ratchet1RootAndChainSwapped) { (chain, root) } else { (root, chain) }
}

/// The seed of the chain's present message.
pub fn chain_seed(chain_key: &[u8; 32], bugs: Bugs) -> [u8; 32] {
    let constant = if bugs.has(Bug::Ratchet2ConstantsSwapped) { 2 } else { 1 };
    hmac(chain_key, &[&[constant]])
}

/// The next chain key.
pub fn chain_next(chain_key: &[u8; 32], bugs: Bugs) -> [u8; 32] {
    let constant = if bugs.has(Bug::Ratchet2ConstantsSwapped) { 1 } else { 2 };
    hmac(chain_key, &[&[constant]])
}

/// One step of a chain: (seed of the present message, next chain key).
pub fn chain_step(chain_key: &[u8; 32], bugs: Bugs) -> ([u8; 32], [u8; 32]) {
    (chain_seed(chain_key, bugs), chain_next(chain_key, bugs))
}

/// Seed to cipher key, MAC key and IV.
pub fn message_keys(seed: &[u8; 32], bugs: Bugs) -> MessageKeys {
    let output = hkdf(&[], seed, b"WhisperMessageKeys", 80);
    let mut iv = [0; 16];
    if !bugs.has(Bug::Ratchet3ZeroIv) {
        iv.copy_from_slice(&output[64..]);
    }
    MessageKeys { cipher_key: cut32(&output, 0), mac_key: cut32(&output, 32), iv }
}

/// Pads and encrypts a plaintext.
pub fn seal_body(keys: &MessageKeys, plaintext: &[u8], bugs: Bugs) -> Vec<u8> {
    let padded = pad(plaintext, bugs);
    if bugs.has(Bug::Ratchet4CounterMode) {
        return ctr(&keys.cipher_key, &keys.iv, &padded);
    }
    cbc_encrypt(&keys.cipher_key, &keys.iv, &padded)
}

/// The inverse of [`seal_body`].
pub fn open_body(keys: &MessageKeys, ciphertext: &[u8], bugs: Bugs) -> Outcome<Vec<u8>> {
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(16) {
        if bugs.has(Bug::Ratchet28EmptyCiphertextAccepted) {
            return Ok(Vec::new());
        }
        return Err(Fault::invalid("ciphertext is not whole blocks"));
    }
    if bugs.has(Bug::Ratchet4CounterMode) {
        return unpad(&ctr(&keys.cipher_key, &keys.iv, ciphertext), bugs);
    }
    unpad(&cbc_decrypt(&keys.cipher_key, &keys.iv, ciphertext), bugs)
}

/// The first 8 bytes of the HMAC over both identities and the message's version byte ‖ protobuf.
pub fn mac(
    mac_key: &[u8; 32],
    sender: &Public,
    receiver: &Public,
    signed_part: &[u8],
    bugs: Bugs,
) -> [u8; 8] {
    let (first, second) = if bugs.has(Bug::Ratchet5IdentitiesSwapped) {
        (receiver, sender)
    } else {
        (sender, receiver)
    };
    let whole = hmac(mac_key, &[first, second, signed_part]);
    let mut short = [0; 8];
    short.copy_from_slice(&whole[..8]);
    short
}

/// A whole ratchet message from its parts, under the right MAC of these keys.
pub fn seal_parts(
    parts: &RatchetParts,
    keys: &MessageKeys,
    sender: &Public,
    receiver: &Public,
    bugs: Bugs,
) -> Vec<u8> {
    let mut message = encode_signal_message(parts, bugs);
    let mac = mac(&keys.mac_key, sender, receiver, &message, bugs);
    message.extend_from_slice(&mac);
    message
}

pub(super) fn check_mac(
    session: &Session,
    message: &RatchetMessage,
    keys: &MessageKeys,
    bugs: Bugs,
) -> Outcome<()> {
    let mut signed_part = message.signed_part.clone();
    if bugs.has(Bug::Ratchet8MacOverReencoding) {
        let parts = RatchetParts {
            version_byte: message.version_byte,
            ratchet_key: message.ratchet_key.to_vec(),
            counter: message.counter,
            previous_counter: message.previous_counter,
            ciphertext: message.ciphertext.clone(),
        };
        signed_part = encode_signal_message(&parts, bugs);
    }
    if bugs.has(Bug::Ratchet9ConstantVersionByte) {
        signed_part[0] = VERSION_BYTE;
    }
    let (sender, receiver) = (&session.remote_identity, &session.local_identity);
    let expected = mac(&keys.mac_key, sender, receiver, &signed_part, bugs);
    let compared = if bugs.has(Bug::Ratchet7FourByteMac) { 4 } else { 8 };
    if expected[..compared] == message.mac[..compared] || bugs.has(Bug::Ratchet6MacNotChecked) {
        return Ok(());
    }
    Err(Fault::invalid("MAC"))
}
