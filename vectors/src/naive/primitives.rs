//! Hashes, HKDF, AES-256-CBC, padding and the source of random draws.
//! Spec: spec/primitives.md

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256, Sha512};

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};

/// SHA-256 of the parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// SHA-512 of the parts, one after the other.
pub fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HMAC-SHA-256 of the parts, one after the other. The key may have any length.
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // RFC 2104 by hand for the key, so that no length is an error.
    let mut block = [0; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&sha256(&[key]));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&Array::from(block));
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HKDF-SHA-256 (RFC 5869). "No salt" is an empty salt.
pub fn hkdf(salt: &[u8], ikm: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let prk = hmac(salt, &[ikm]);
    let mut output = Vec::new();
    let mut previous: Vec<u8> = Vec::new();
    let mut counter: u8 = 1;
    while output.len() < length {
        previous = hmac(&prk, &[&previous, info, &[counter]]).to_vec();
        output.extend_from_slice(&previous);
        counter += 1;
    }
    output.truncate(length);
    output
}

/// The 32 bytes of `bytes` from `start` on.
pub fn cut32(bytes: &[u8], start: usize) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(&bytes[start..start + 32]);
    out
}

/// PKCS#7 padding to a multiple of 16 bytes.
pub fn pad(plaintext: &[u8], bugs: Bugs) -> Vec<u8> {
    let count = 16 - plaintext.len() % 16;
    let mut padded = plaintext.to_vec();
    padded.resize(plaintext.len() + count, count as u8);
    if bugs.has(Bug::Prim12ZeroPadding) {
        let last = padded.len() - 1;
        padded[plaintext.len()..last].fill(0);
    }
    padded
}

/// Takes PKCS#7 padding off again.
pub fn unpad(padded: &[u8], bugs: Bugs) -> Outcome<Vec<u8>> {
    let refusal = || {
        if bugs.has(Bug::Secret4PlaintextInDetail) {
            let text = String::from_utf8_lossy(padded);
            return Fault::invalid(format!("bad padding: {} {text}", hex::encode(padded)));
        }
        Fault::invalid("bad padding")
    };
    let count = usize::from(*padded.last().ok_or_else(refusal)?);
    if count == 0 || count > 16 || count > padded.len() {
        return Err(refusal());
    }
    let (plaintext, padding) = padded.split_at(padded.len() - count);
    let all_count = padding.iter().all(|&byte| usize::from(byte) == count);
    let zeros = padding[..count - 1].iter().all(|&byte| byte == 0);
    if all_count
        || bugs.has(Bug::Prim13LastPaddingByteOnly)
        || (zeros && bugs.has(Bug::Prim12ZeroPadding))
    {
        return Ok(plaintext.to_vec());
    }
    Err(refusal())
}

/// AES-256-CBC over whole blocks; `data` is a multiple of 16 bytes.
pub fn cbc_encrypt(key: &[u8; 32], iv: &[u8; 16], data: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new(&Array::from(*key));
    let mut previous = *iv;
    let mut output = Vec::with_capacity(data.len());
    for block in data.chunks_exact(16) {
        let mut mixed = Array::from(xor16(&previous, block));
        cipher.encrypt_block(&mut mixed);
        previous = mixed.into();
        output.extend_from_slice(&previous);
    }
    output
}

/// The inverse of [`cbc_encrypt`].
pub fn cbc_decrypt(key: &[u8; 32], iv: &[u8; 16], data: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new(&Array::from(*key));
    let mut previous = *iv;
    let mut output = Vec::with_capacity(data.len());
    for block in data.chunks_exact(16) {
        let this = xor16(block, &[0; 16]);
        let mut opened = Array::from(this);
        cipher.decrypt_block(&mut opened);
        output.extend_from_slice(&xor16(&previous, &opened));
        previous = this;
    }
    output
}

/// AES-256 in counter mode (big-endian counter from `iv`); its own inverse.
pub fn ctr(key: &[u8; 32], iv: &[u8; 16], data: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new(&Array::from(*key));
    let mut counter = u128::from_be_bytes(*iv);
    let mut output = Vec::with_capacity(data.len());
    for chunk in data.chunks(16) {
        let mut stream = Array::from(counter.to_be_bytes());
        cipher.encrypt_block(&mut stream);
        output.extend(chunk.iter().zip(stream).map(|(byte, key_byte)| byte ^ key_byte));
        counter = counter.wrapping_add(1);
    }
    output
}

fn xor16(left: &[u8], right: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    for (index, byte) in out.iter_mut().enumerate() {
        *byte = left[index] ^ right[index];
    }
    out
}

/// Where random bytes come from: loaded bytes while there are any, else ChaCha20 from a seed.
#[derive(Clone)]
pub struct Draws {
    pub stream: ChaCha20Rng,
    /// Bytes loaded for one operation, what is left of them.
    pub loaded: Option<Vec<u8>>,
}

impl Draws {
    /// Draws from ChaCha20 keyed with `seed`.
    pub fn seeded(seed: [u8; 32]) -> Self {
        Self { stream: ChaCha20Rng::from_seed(seed), loaded: None }
    }

    /// Draws exactly `bytes`, then refuses with `rng_exhausted`.
    pub fn loaded(bytes: &[u8]) -> Self {
        Self { stream: ChaCha20Rng::from_seed([0; 32]), loaded: Some(bytes.to_vec()) }
    }

    /// The next `N` bytes.
    pub fn take<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let mut out = [0; N];
        match &mut self.loaded {
            None => self.stream.fill_bytes(&mut out),
            Some(bytes) if bytes.len() >= N => {
                out.copy_from_slice(&bytes[..N]);
                bytes.drain(..N);
            }
            Some(_) => return Err(Fault::new(Code::RngExhausted, format!("{N} bytes wanted"))),
        }
        Ok(out)
    }
}
