//! What a case works with: fresh randomness, the subject, and the parties it makes.

use hkdf::Hkdf;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use sha2::Sha256;

use crate::{
    case::CallError,
    stored::Scripts,
    subject::{
        Subject,
        party::Party,
        types::{PartySpec, Profile, Suite},
    },
};

/// One case in progress.
#[derive(Debug)]
pub struct Run {
    /// Randomness of this case alone: the same for the same seed and case, whatever runs beside it.
    pub rng: ChaCha20Rng,
    /// The subject, for the operations that need no party.
    pub subject: Subject,
    case: String,
    variant: Option<String>,
    scripts: Scripts,
}

impl Run {
    /// Begins a case on a subject.
    #[must_use]
    pub fn new(subject: Subject, seed: &Seed, case: &str, scripts: Scripts) -> Self {
        let rng = ChaCha20Rng::from_seed(seed.derive(case));
        Self { rng, subject, case: case.to_owned(), variant: None, scripts }
    }

    /// The id of the case.
    #[must_use]
    pub fn case(&self) -> &str {
        &self.case
    }

    /// Whether the subject declares a capability, for instance `rng.inject`.
    #[must_use]
    pub fn has(&self, capability: &str) -> bool {
        self.subject.has(capability)
    }

    /// `N` fresh random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// `length` fresh random bytes.
    pub fn random(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// A fresh number in `low..=high`.
    pub fn number(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(self.rng.next_u64() % span).unwrap_or_default()
    }

    /// A fresh private key, clamped.
    pub fn private_key(&mut self) -> [u8; 32] {
        let mut key: [u8; 32] = self.bytes();
        let [first, .., last] = &mut key;
        *first &= 0xf8;
        *last = (*last & 0x7f) | 0x40;
        key
    }

    /// A fresh UUID as text.
    pub fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid().to_string()
    }

    /// The profile that this subject offers: `compatible` where it has both.
    #[must_use]
    pub fn profile(&self) -> Profile {
        if self.has("profile.compatible") || !self.has("profile.strict") {
            Profile::Compatible
        } else {
            Profile::Strict
        }
    }

    /// A fresh device of a suite: random identity, name, registration id and incarnation, device id 1, X3DH accepted.
    pub fn spec(&mut self, suite: Suite) -> PartySpec {
        PartySpec {
            suite,
            profile: self.profile(),
            name: self.uuid(),
            device_id: 1,
            registration_id: self.number(1, 16380),
            identity_private: self.private_key(),
            incarnation: self.bytes(),
            accept_x3dh: true,
        }
    }

    /// Makes a party of the subject.
    ///
    /// # Errors
    /// As `party.create` answers.
    pub fn party(&mut self, spec: &PartySpec) -> Result<Party, CallError> {
        Party::create(&self.subject, spec.clone())
    }

    /// Makes a fresh party of a suite: [`Run::spec`] and [`Run::party`] in one.
    ///
    /// # Errors
    /// As `party.create` answers.
    pub fn fresh_party(&mut self, suite: Suite) -> Result<Party, CallError> {
        let spec = self.spec(suite);
        self.party(&spec)
    }

    /// Gives the subject's next operation its random bytes. Needs `rng.inject`.
    ///
    /// # Errors
    /// As `rng.load` answers.
    pub fn load_rng(&self, bytes: &[u8]) -> Result<(), CallError> {
        self.subject.call("rng.load", serde_json::json!({"bytes": hex::encode(bytes)})).map(drop)
    }

    /// Records which of several allowed behaviours the subject showed; the report lists it as its behaviour profile.
    pub fn variant(&mut self, shown: &str) {
        self.variant = Some(shown.to_owned());
    }

    pub(crate) fn scripts(&self) -> Scripts {
        Scripts::clone(&self.scripts)
    }

    pub(crate) fn take_variant(&mut self) -> Option<String> {
        self.variant.take()
    }
}

/// The seed of a whole run: 32 bytes, printed and stored, so that every run can be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// The seed of one case: HKDF-SHA-256 with the run's seed as key material and the case's id as info.
    #[must_use]
    pub fn derive(&self, case: &str) -> [u8; 32] {
        let mut derived = [0; 32];
        // 32 bytes are below HKDF's limit of 255 blocks, so this cannot fail.
        let _always = Hkdf::<Sha256>::new(None, &self.0).expand(case.as_bytes(), &mut derived);
        derived
    }
}
