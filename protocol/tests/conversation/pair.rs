//! Alice and Bob, each with a record of sessions with the other, prekeys, a clock and seeded
//! randomness.

use std::collections::BTreeMap;

use countersign_protocol::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId, UnixMillis};
use countersign_protocol::keys::{IdentityKeyPair, PrivateKey, PublicKey};
use countersign_protocol::prekeys::{Bundle, HeldPrekeys, OneTimePrekey, SignedPrekey};
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use countersign_protocol::session::{
    EncryptedMessage, LocalDevice, ReceivedMessage, SessionRecord,
};
use countersign_protocol::xeddsa::{Rule, SigningKey};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

const SIGNED_PREKEY: SignedPrekeyId = SignedPrekeyId(7);
const ONE_TIME_PREKEYS: u32 = 3;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prekeys {
    signed: [u8; 32],
    one_time: BTreeMap<u32, [u8; 32]>,
    accepted: Vec<(SignedPrekeyId, PublicKey)>,
}

impl HeldPrekeys for Prekeys {
    fn signed_prekey(&self, id: SignedPrekeyId) -> Option<PrivateKey> {
        (id == SIGNED_PREKEY).then(|| PrivateKey::from_bytes(self.signed))
    }

    fn one_time_prekey(&self, id: OneTimePrekeyId) -> Option<PrivateKey> {
        self.one_time.get(&id.0).copied().map(PrivateKey::from_bytes)
    }

    fn was_accepted(&self, signed_prekey: SignedPrekeyId, base_key: &PublicKey) -> bool {
        self.accepted.contains(&(signed_prekey, *base_key))
    }
}

#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) identity: IdentityKeyPair,
    pub(crate) profile: Profile,
    pub(crate) accept_x3dh: bool,
    pub(crate) prekeys: Prekeys,
    pub(crate) trusted: Option<PublicKey>,
    pub(crate) record: SessionRecord,
    pub(crate) now: UnixMillis,
    /// How many one-time prekeys were given to others.
    claimed: u32,
    rng: ChaCha20Rng,
}

impl Device {
    fn new(profile: Profile, mut rng: ChaCha20Rng) -> Self {
        let mut draw = || *PrivateKey::generate(&mut rng).as_bytes();
        let prekeys = Prekeys {
            signed: draw(),
            one_time: (0..ONE_TIME_PREKEYS).map(|id| (id, draw())).collect(),
            accepted: Vec::new(),
        };
        Self {
            identity: IdentityKeyPair::generate(&mut rng),
            profile,
            accept_x3dh: true,
            prekeys,
            trusted: None,
            record: SessionRecord::new(),
            now: UnixMillis(1_700_000_000_000),
            claimed: 0,
            rng,
        }
    }

    pub(crate) fn encrypt(&mut self, plaintext: &[u8]) -> Result<EncryptedMessage, Problem> {
        self.record.encrypt(self.trusted.as_ref(), plaintext, self.now)
    }

    /// Decrypts, and stores what there is to store.
    pub(crate) fn decrypt(&mut self, message: &EncryptedMessage) -> Result<Vec<u8>, Problem> {
        let local = LocalDevice {
            identity: &self.identity,
            registration_id: RegistrationId(1),
            profile: self.profile,
            accept_x3dh: self.accept_x3dh,
        };
        let received = ReceivedMessage { kind: message.kind, bytes: &message.bytes };
        let trusted = self.trusted.as_ref();
        let decrypted =
            self.record.decrypt(&local, trusted, received, &self.prekeys, &mut self.rng)?;
        self.trusted = Some(decrypted.identity_key);
        if let Some(accepted) = decrypted.accepted {
            let replay_key = accepted.replay_key().map(|(id, key)| (id, *key));
            self.prekeys.accepted.extend(replay_key);
            accepted.one_time_prekey.map(|id| self.prekeys.one_time.remove(&id.0));
        }
        Ok(decrypted.plaintext)
    }

    pub(crate) fn one_time_prekeys(&self) -> usize {
        self.prekeys.one_time.len()
    }

    pub(crate) fn remove_one_time_prekeys(&mut self) {
        self.prekeys.one_time.clear();
    }

    fn bundle(&mut self) -> Bundle {
        let public = |private: &[u8; 32]| PrivateKey::from_bytes(*private).public_key();
        let signing = SigningKey::new(self.identity.private(), Rule::Libsignal);
        let signed = public(&self.prekeys.signed);
        let one_time = self.prekeys.one_time.get_key_value(&self.claimed);
        self.claimed += 1;
        Bundle {
            registration_id: RegistrationId(1),
            identity_key: *self.identity.public(),
            signed_prekey: SignedPrekey::sign(SIGNED_PREKEY, signed, &signing, &mut self.rng),
            one_time_prekey: one_time.map(|(id, private)| OneTimePrekey {
                id: OneTimePrekeyId(*id),
                public: public(private),
            }),
        }
    }

    fn initiate(&mut self, bundle: &Bundle) {
        let local = LocalDevice {
            identity: &self.identity,
            registration_id: RegistrationId(1),
            profile: self.profile,
            accept_x3dh: self.accept_x3dh,
        };
        let trusted = self.trusted.as_ref();
        self.record.initiate(&local, trusted, bundle, self.now, &mut self.rng).unwrap();
        self.trusted = Some(bundle.identity_key);
    }
}

pub(crate) struct Pair {
    pub(crate) alice: Device,
    pub(crate) bob: Device,
}

impl Pair {
    pub(crate) fn new(profile: Profile, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let bob = ChaCha20Rng::from_rng(&mut rng);
        Self { alice: Device::new(profile, rng), bob: Device::new(profile, bob) }
    }

    /// After one message each way.
    pub(crate) fn established(profile: Profile, seed: u64) -> Self {
        let mut pair = Self::new(profile, seed);
        pair.initiate();
        let message = pair.alice.encrypt(b"hello").unwrap();
        pair.bob.decrypt(&message).unwrap();
        let message = pair.bob.encrypt(b"hello").unwrap();
        pair.alice.decrypt(&message).unwrap();
        pair
    }

    /// Alice begins a session.
    pub(crate) fn initiate(&mut self) {
        let bundle = self.bob.bundle();
        self.alice.initiate(&bundle);
    }

    /// Bob begins a session.
    pub(crate) fn initiate_back(&mut self) {
        let bundle = self.alice.bundle();
        self.bob.initiate(&bundle);
    }

    /// Both go on from what they stored.
    pub(crate) fn restart(&mut self) {
        for device in [&mut self.alice, &mut self.bob] {
            device.record = SessionRecord::from_bytes(&device.record.to_bytes()).unwrap();
        }
    }
}
