//! HMAC-SHA-256 (RFC 2104) on the bare compression function.
//!
//! A ratchet computes two or more MACs under each key it meets, over inputs of one byte to one
//! block. [`HmacKey`] hashes the two pads once; each MAC after that costs two compressions.

use core::{fmt, slice};

use sha2::block_api::compress256;
use zeroize::ZeroizeOnDrop;

use super::secret::wipe;

const BLOCK: usize = 64;
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// An HMAC key with both pads hashed.
#[derive(Clone)]
pub(crate) struct HmacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl HmacKey {
    /// Takes a key of at most one block, which every key of this crate is.
    pub(crate) fn new<const N: usize>(key: &[u8; N]) -> Self {
        const { assert!(N <= BLOCK, "a longer key would have to be hashed first") };
        Self::of_pads(|pad| {
            let mut block = [pad; BLOCK];
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            block
        })
    }

    fn of_pads(block: impl Fn(u8) -> [u8; BLOCK]) -> Self {
        let mut key = Self { inner: INITIAL, outer: INITIAL };
        let mut inner = [block(0x36)];
        let mut outer = [block(0x5c)];
        compress256(&mut key.inner, &inner);
        compress256(&mut key.outer, &outer);
        wipe(&mut inner, [[0; BLOCK]]);
        wipe(&mut outer, [[0; BLOCK]]);
        key
    }

    /// The MAC of a message of at most 55 bytes: exactly two compressions.
    pub(crate) fn mac_short<const N: usize>(&self, message: &[u8; N]) -> [u8; 32] {
        const { assert!(N <= 55, "the message and its padding must fit in one block") };
        let mut block = [[0; BLOCK]];
        let [bytes] = &mut block;
        bytes.iter_mut().zip(message).for_each(|(byte, message)| *byte = *message);
        finish_block(bytes, N, (BLOCK + N) as u64);
        let mut state = self.inner;
        compress256(&mut state, &block);
        wipe(&mut block, [[0; BLOCK]]);
        self.close(state)
    }

    /// Starts the MAC of a message given in parts.
    pub(crate) fn start(&self) -> Hmac<'_> {
        Hmac { key: self, state: self.inner, pending: [0; BLOCK], filled: 0, total: BLOCK as u64 }
    }

    /// Hashes the inner digest under the outer pad.
    fn close(&self, mut inner: [u32; 8]) -> [u8; 32] {
        let mut block = [[0; BLOCK]];
        let [bytes] = &mut block;
        bytes.iter_mut().zip(big_endian(&inner)).for_each(|(byte, digest)| *byte = digest);
        finish_block(bytes, 32, (BLOCK + 32) as u64);
        let mut state = self.outer;
        compress256(&mut state, &block);
        wipe(&mut inner, [0; 8]);
        wipe(&mut block, [[0; BLOCK]]);
        big_endian(&state)
    }
}

impl Drop for HmacKey {
    fn drop(&mut self) {
        wipe(&mut self.inner, [0; 8]);
        wipe(&mut self.outer, [0; 8]);
    }
}

impl ZeroizeOnDrop for HmacKey {}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(..)")
    }
}

/// A MAC in progress.
pub(crate) struct Hmac<'k> {
    key: &'k HmacKey,
    state: [u32; 8],
    pending: [u8; BLOCK],
    filled: usize,
    total: u64,
}

impl Hmac<'_> {
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        self.total += bytes.len() as u64;
        if self.filled > 0 {
            let (head, rest) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.buffer(head);
            bytes = rest;
            if self.filled < BLOCK {
                return;
            }
            self.compress_pending();
        }
        let (blocks, tail) = bytes.as_chunks::<BLOCK>();
        if !blocks.is_empty() {
            compress256(&mut self.state, blocks);
        }
        self.buffer(tail);
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        self.buffer(&[0x80]);
        if self.filled > BLOCK - 8 {
            self.blank_rest();
            self.compress_pending();
        }
        self.blank_rest();
        write_length(&mut self.pending, self.total);
        self.compress_pending();
        self.key.close(self.state)
    }

    /// Takes in at most what is free.
    fn buffer(&mut self, bytes: &[u8]) {
        let end = self.filled + bytes.len();
        if let Some(free) = self.pending.get_mut(self.filled..end) {
            free.copy_from_slice(bytes);
            self.filled = end;
        }
    }

    fn blank_rest(&mut self) {
        self.pending.iter_mut().skip(self.filled).for_each(|byte| *byte = 0);
    }

    fn compress_pending(&mut self) {
        compress256(&mut self.state, slice::from_ref(&self.pending));
        self.filled = 0;
    }
}

impl Drop for Hmac<'_> {
    fn drop(&mut self) {
        wipe(&mut self.state, [0; 8]);
        wipe(&mut self.pending, [0; BLOCK]);
    }
}

impl ZeroizeOnDrop for Hmac<'_> {}

/// Writes SHA-256's padding into a last block that holds `filled` message bytes.
fn finish_block(block: &mut [u8; BLOCK], filled: usize, total: u64) {
    block.iter_mut().skip(filled).take(1).for_each(|byte| *byte = 0x80);
    write_length(block, total);
}

fn write_length(block: &mut [u8; BLOCK], total: u64) {
    let bits = (total * 8).to_be_bytes();
    block.iter_mut().skip(BLOCK - 8).zip(bits).for_each(|(to, from)| *to = from);
}

fn big_endian(words: &[u32; 8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (chunks, _) = bytes.as_chunks_mut::<4>();
    chunks.iter_mut().zip(words).for_each(|(chunk, word)| *chunk = word.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac as Peer, KeyInit, Mac};
    use proptest::prelude::*;

    use super::*;

    fn peer(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut mac = Peer::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }

    proptest! {
        #[test]
        fn equals_the_hmac_crate_however_the_message_is_cut(
            key: [u8; 32],
            message in proptest::collection::vec(any::<u8>(), 0..400),
            cuts in proptest::collection::vec(0usize..400, 0..4),
        ) {
            let keyed = HmacKey::new(&key);
            let mut mac = keyed.start();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(message.len())).collect();
            cuts.sort_unstable();
            let mut from = 0;
            for cut in cuts {
                mac.update(&message[from..cut]);
                from = cut;
            }
            mac.update(&message[from..]);
            prop_assert_eq!(mac.finish().to_vec(), peer(&key, &message));
        }

        #[test]
        fn a_short_mac_equals_the_hmac_crate(key: [u8; 32], message: [u8; 55]) {
            let keyed = HmacKey::new(&key);
            prop_assert_eq!(keyed.mac_short(&message).to_vec(), peer(&key, &message));
            prop_assert_eq!(keyed.mac_short(&[1]).to_vec(), peer(&key, &[1]));
        }
    }
}
