//! The randomness of one case.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// Draws: the same for the same seed and case, except [`Draw::name`].
#[derive(Debug)]
pub struct Draw(ChaCha20Rng);

impl Draw {
    /// Begins with a seed.
    #[must_use]
    pub fn seeded(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// `length` random bytes.
    pub fn random(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number in `low..=high`.
    pub fn number(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(self.0.next_u64() % span).unwrap_or_default()
    }

    /// A clamped private key.
    pub fn private_key(&mut self) -> [u8; 32] {
        countersign_vectors::naive::keys::clamp(self.bytes())
    }

    /// A random UUID as text.
    pub fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid().to_string()
    }

    /// A user name that no run had before, `judge-` and 20 hex digits: a run with the same seed meets the same server.
    pub fn name(&mut self) -> String {
        let mut bytes: [u8; 10] = self.bytes();
        // Without the system's randomness the seed's has to do.
        let _drawn = getrandom::fill(&mut bytes);
        format!("judge-{}", hex::encode(bytes))
    }
}
