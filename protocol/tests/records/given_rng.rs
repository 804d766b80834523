//! Randomness as a vector gives it.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// Gives the bytes it was given, and no more; all of them have to be drawn.
pub(crate) struct GivenRng(std::vec::IntoIter<u8>);

impl GivenRng {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into_iter())
    }
}

impl Drop for GivenRng {
    fn drop(&mut self) {
        assert!(self.0.as_slice().is_empty() || std::thread::panicking(), "bytes left over");
    }
}

impl TryRng for GivenRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        for byte in destination {
            *byte = self.0.next().expect("more randomness was drawn than given");
        }
        Ok(())
    }
}

impl TryCryptoRng for GivenRng {}
