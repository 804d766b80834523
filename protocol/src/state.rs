//! Reading and writing stored states: big-endian, nothing left over. Spec: `spec/state.md`.

use zeroize::Zeroizing;

use crate::keys::PrivateKey;
use crate::primitives::secret::wipe;
use crate::problem::Problem;

/// A state being written. Its length must be known before, so that no copy of a secret is left
/// behind by an allocation that grew.
#[derive(Debug)]
pub(crate) struct Output {
    bytes: Zeroizing<Vec<u8>>,
}

impl Output {
    /// `capacity` bounds what will be written.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(capacity)) }
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.bytes.push(u8::from(value));
    }

    /// A count whose limit fits in one byte.
    pub(crate) fn count_u8(&mut self, count: usize) {
        self.bytes.push(u8::try_from(count).unwrap_or(u8::MAX));
    }

    /// A count whose limit fits in two bytes.
    pub(crate) fn count_u16(&mut self, count: usize) {
        self.u16(u16::try_from(count).unwrap_or(u16::MAX));
    }

    pub(crate) fn key(&mut self, key: &[u8; 32]) {
        self.bytes.extend_from_slice(key);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A counter and what is stored for it.
    pub(crate) fn entry(&mut self, counter: u32, key: &[u8; 32]) {
        let mut entry = [0; 36];
        let (head, tail) = entry.split_at_mut(4);
        head.copy_from_slice(&counter.to_be_bytes());
        tail.copy_from_slice(key);
        self.bytes.extend_from_slice(&entry);
        wipe(&mut entry, [0; 36]);
    }

    pub(crate) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }
}

/// A state being read.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Problem::BadState)?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Problem> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Problem> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Problem> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Problem> {
        self.array().map(u64::from_be_bytes)
    }

    /// Exactly 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool, Problem> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Problem::BadState),
        }
    }

    pub(crate) fn key(&mut self) -> Result<[u8; 32], Problem> {
        self.array()
    }

    /// A private key. Only clamped bytes are ever written, so others are no state of ours.
    pub(crate) fn private_key(&mut self) -> Result<PrivateKey, Problem> {
        let bytes = self.key()?;
        let private = PrivateKey::from_bytes(bytes);
        if *private.as_bytes() == bytes { Ok(private) } else { Err(Problem::BadState) }
    }

    /// Whether all was read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing may be left over.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        if self.rest.is_empty() { Ok(()) } else { Err(Problem::BadState) }
    }
}
