//! One chain of a peer's messages: those to come, and those that were overtaken.

use super::{ChainKey, Seed, StoredSeeds};
use crate::limits::STORED_SEEDS_MAX;
use crate::problem::Problem;

/// A chain to receive on. Spec: `spec/ratchet.md#receiver-chain`.
#[derive(Clone, Debug)]
pub(crate) struct ReceiverChain {
    /// The chain key of `next`.
    pub(crate) chain_key: ChainKey,
    /// The counter of the next message in order.
    pub(crate) next: u32,
    pub(crate) stored: StoredSeeds,
}

impl ReceiverChain {
    /// A chain whose next message is number `next`.
    pub(crate) fn new(chain_key: ChainKey, next: u32) -> Self {
        Self { chain_key, next, stored: StoredSeeds::default() }
    }

    /// Gives `open` the seed of message `counter`; what was done is undone if it fails.
    ///
    /// # Errors
    /// `duplicate_message` if the seed was used or dropped, `invalid_message` if the message is
    /// more than `jump_max` ahead, and the errors of `open`.
    pub(crate) fn receive<T>(
        &mut self,
        counter: u32,
        jump_max: u32,
        open: impl FnOnce(&Seed) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        if counter < self.next {
            let seed = self.stored.find(counter).ok_or(Problem::DuplicateMessage)?;
            let opened = open(&seed)?;
            self.stored.forget(counter);
            return Ok(opened);
        }
        let jump = counter - self.next;
        let next = counter.checked_add(1).ok_or(Problem::InvalidMessage)?;
        if jump > jump_max {
            return Err(Problem::InvalidMessage);
        }
        self.jump(counter, next, open)
    }

    /// Advances to `counter`, storing the seeds passed on the way.
    fn jump<T>(
        &mut self,
        counter: u32,
        next: u32,
        open: impl FnOnce(&Seed) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let passed = (counter - self.next) as usize;
        // What would be dropped again at once is not stored at all.
        let unstored = passed.saturating_sub(STORED_SEEDS_MAX);
        let tentative = self.stored.start(passed - unstored);
        let mut chain_key = self.chain_key.clone();
        for (nth, at) in (self.next..counter).enumerate() {
            chain_key = if nth < unstored {
                chain_key.pass()
            } else {
                let (seed, advanced) = chain_key.step();
                self.stored.append(at, &seed);
                advanced
            };
        }
        let (seed, advanced) = chain_key.step();
        match open(&seed) {
            Ok(opened) => {
                self.stored.keep(tentative, STORED_SEEDS_MAX);
                self.chain_key = advanced;
                self.next = next;
                Ok(opened)
            }
            Err(problem) => {
                self.stored.discard(tentative);
                Err(problem)
            }
        }
    }
}
