//! The keys of a vault, and how values are sealed under them.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{Value, VaultError};
use crate::clock::random_bytes;

const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
const HEADER_PLACE: &[u8] = b"countersign-vault-v1";

/// What guessing a passphrase costs: memory and passes of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for KeyCost {
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3 }
    }
}

/// What a vault's file says in the clear about its key.
pub(super) struct Header {
    pub(super) salt: [u8; 16],
    pub(super) cost: KeyCost,
    pub(super) sealed_key: Vec<u8>,
}

impl Header {
    /// Draws a vault key and seals it under the passphrase.
    pub(super) fn generate(
        passphrase: &str,
        cost: KeyCost,
    ) -> Result<(Self, VaultKey), VaultError> {
        let salt = random_bytes();
        let key = Zeroizing::new(random_bytes::<32>());
        let wrapping = wrapping_key(passphrase, &salt, cost)?;
        let sealed_key = wrapping.seal(HEADER_PLACE, &*key)?;
        Ok((Self { salt, cost, sealed_key }, VaultKey(key)))
    }

    pub(super) fn open(&self, passphrase: &str) -> Result<VaultKey, VaultError> {
        let wrapping = wrapping_key(passphrase, &self.salt, self.cost)?;
        let key = wrapping
            .open(HEADER_PLACE, &self.sealed_key)
            .map_err(|_refused| VaultError::WrongPassphrase)?;
        let key = <[u8; 32]>::try_from(key.as_slice());
        key.map(|key| VaultKey(Zeroizing::new(key)))
            .map_err(|_length| VaultError::Damaged("its key has another length"))
    }
}

fn wrapping_key(passphrase: &str, salt: &[u8], cost: KeyCost) -> Result<VaultKey, VaultError> {
    let damaged = |_error| VaultError::Damaged("its key cost is out of range");
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).map_err(damaged)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut *key)
        .map_err(damaged)?;
    Ok(VaultKey(key))
}

/// Seals the values of a vault. Nonces are random, 24 bytes: no two are the same.
pub(super) struct VaultKey(Zeroizing<[u8; 32]>);

impl VaultKey {
    pub(super) fn seal(&self, place: &[u8], value: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce: [u8; NONCE_LEN] = random_bytes();
        // As long as it gets, so that no copy of a secret is left behind by growing.
        let mut text = Zeroizing::new(Vec::with_capacity(value.len() + TAG_LEN));
        text.extend_from_slice(value);
        self.cipher()
            .encrypt_in_place(&XNonce::from(nonce), place, &mut *text)
            .map_err(|_too_long| VaultError::Damaged("a value is too long"))?;
        Ok([&nonce, text.as_slice()].concat())
    }

    pub(super) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Value, VaultError> {
        let damaged = VaultError::Damaged("a value in it does not open");
        let Some((nonce, text)) = sealed.split_first_chunk::<NONCE_LEN>() else {
            return Err(damaged);
        };
        let mut text = Zeroizing::new(text.to_vec());
        self.cipher()
            .decrypt_in_place(&XNonce::from(*nonce), place, &mut *text)
            .map_err(|_refused| damaged)?;
        Ok(text)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}
