//! Where an operation draws from: the bytes of `rng.load`, or the generator that `hello` seeded.
//!
//! A seed that others know is right for a judge, who must be able to repeat a run, and for nothing else.

use std::convert::Infallible;
use std::fmt;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// What the next operation draws from.
#[derive(Default)]
pub(crate) struct Randomness {
    /// The generator that `hello` seeded. Until then the operating system is asked.
    seeded: Option<ChaCha20Rng>,
    loaded: Option<Zeroizing<Vec<u8>>>,
    drawn: usize,
    short: bool,
    broken: bool,
}

impl Randomness {
    /// The next operation draws from `bytes`, in order.
    pub(crate) fn load(&mut self, bytes: Zeroizing<Vec<u8>>) {
        self.loaded = Some(bytes);
        self.drawn = 0;
    }

    /// Draws from a generator with this seed from now on, so that a run can be repeated.
    pub(crate) fn seed(&mut self, seed: [u8; 32]) {
        self.seeded = Some(ChaCha20Rng::from_seed(seed));
    }

    /// Whether the next operation draws from loaded bytes, of which there may be too few.
    pub(crate) const fn is_loaded(&self) -> bool {
        self.loaded.is_some()
    }

    /// Whether more was drawn than was loaded.
    pub(crate) const fn ran_short(&self) -> bool {
        self.short
    }

    /// Drops what is left over, and says how the drawing went.
    pub(crate) fn settle(&mut self) -> Drawn {
        self.loaded = None;
        match (self.broken, std::mem::take(&mut self.short)) {
            (true, _) => Drawn::Broken,
            (false, true) => Drawn::TooFew,
            (false, false) => Drawn::Well,
        }
    }

    fn fill_loaded(&mut self, bytes: &[u8], target: &mut [u8]) {
        let end = self.drawn.saturating_add(target.len());
        match bytes.get(self.drawn..end) {
            Some(drawn) => target.copy_from_slice(drawn),
            // Zeros stand in until the operation is over; `settle` then has it undone.
            None => {
                target.fill(0);
                self.short = true;
            }
        }
        self.drawn = end;
    }
}

/// How an operation's drawing went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// Every byte was random, or as loaded.
    Well,
    /// More was drawn than was loaded: the operation does not count.
    TooFew,
    /// The operating system gave nothing: no operation counts from then on.
    Broken,
}

impl TryRng for Randomness {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        if let Some(bytes) = self.loaded.take() {
            self.fill_loaded(&bytes, target);
            self.loaded = Some(bytes);
        } else if let Some(generator) = &mut self.seeded {
            generator.fill_bytes(target);
        } else if getrandom::fill(target).is_err() {
            self.broken = true;
        }
        Ok(())
    }
}

impl TryCryptoRng for Randomness {}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randomness(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaded_bytes_come_in_order_and_run_out() {
        let mut randomness = Randomness::default();
        randomness.load(Zeroizing::new(vec![1, 2, 3]));
        let mut two = [0; 2];
        randomness.fill_bytes(&mut two);
        assert_eq!(two, [1, 2]);
        randomness.fill_bytes(&mut two);
        assert_eq!(randomness.settle(), Drawn::TooFew);
        randomness.fill_bytes(&mut two);
        assert_eq!(randomness.settle(), Drawn::Well);
    }
}
