//! Randomness as recorded.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;

use crate::transcript::bytes;

/// Gives the bytes it was given, and no more.
pub(crate) struct GivenRng(std::vec::IntoIter<u8>);

impl GivenRng {
    /// The recorded values in the order they are drawn; those not recorded are not drawn.
    pub(crate) fn of<const N: usize>(values: [&Value; N]) -> Self {
        let given = values.into_iter().filter(|value| value.is_string());
        Self(given.flat_map(bytes).collect::<Vec<_>>().into_iter())
    }

    /// Fails when something was not drawn.
    pub(crate) fn assert_drawn(self) {
        assert_eq!(self.0.len(), 0, "bytes left over");
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
            *byte = self.0.next().expect("more randomness was drawn than recorded");
        }
        Ok(())
    }
}

impl TryCryptoRng for GivenRng {}
