//! Randomness, as a value that tests can repeat.

use uuid::{Builder, Uuid};

use crate::ids::Moment;

/// Draws random bytes.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes`, fit for keys.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator. Without it there is no safe way on: the process ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(cause) = getrandom::fill(bytes) {
            tracing::error!(%cause, "the system gives no randomness");
            std::process::abort();
        }
    }
}

impl dyn Entropy {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A `UUIDv7` of this moment.
    pub fn uuid7(&self, now: Moment) -> Uuid {
        Builder::from_unix_timestamp_millis(now.0, &self.bytes()).into_uuid()
    }

    /// A `UUIDv4`: 122 random bits.
    pub fn uuid4(&self) -> Uuid {
        Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}
