//! Bytes that are wiped when they are dropped and never printed.

use core::fmt;
use core::ops::Deref;

use zeroize::{ZeroizeOnDrop, optimization_barrier};

/// `N` secret bytes. Each kind of secret wraps them in a type of its own.
#[derive(Clone)]
pub(crate) struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    pub(crate) const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }

    pub(crate) const fn as_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Deref for Secret<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        wipe(&mut self.0, [0; N]);
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// Overwrites plain memory in one go: wiping byte by byte, as `Zeroize` of an array does, takes
/// as long as hashing a block.
pub(crate) fn wipe<T: Copy>(memory: &mut T, blank: T) {
    *memory = blank;
    optimization_barrier(memory);
}
