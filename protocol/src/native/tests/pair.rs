//! Two devices, and what each of them stores.

use core::convert::Infallible;
use std::collections::BTreeMap;

use rand_core::{TryCryptoRng, TryRng};

use crate::ids::{DeviceId, OneTimePrekeyId, SignedPrekeyId, UnixMillis};
use crate::keys::{IdentityKeyPair, PrivateKey, PublicKey};
use crate::native::{
    AccountId, Bundle, DeviceName, Incarnation, LocalDevice, OneTimePrekey, SessionRecord,
    SignedPrekey,
};
use crate::prekeys::HeldPrekeys;
use crate::problem::Problem;
use crate::replay_cache::ReplayCache;
use crate::session::{EncryptedMessage, ReceivedMessage};
use crate::xeddsa::{Rule, SigningKey};

pub(super) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
pub(super) const SIGNED: SignedPrekeyId = SignedPrekeyId(7);
pub(super) const ONE_TIME: OneTimePrekeyId = OneTimePrekeyId(9);

/// Draws the byte that comes next, as often as it is asked for, then the one after it.
#[derive(Clone, Debug)]
pub(super) struct CountingRng(pub(super) u8);

impl TryRng for CountingRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        destination.fill(self.0);
        self.0 = self.0.wrapping_add(1);
        Ok(())
    }
}

impl TryCryptoRng for CountingRng {}

#[derive(Clone)]
pub(super) struct Prekeys {
    pub(super) signed: BTreeMap<SignedPrekeyId, PrivateKey>,
    pub(super) one_time: BTreeMap<OneTimePrekeyId, PrivateKey>,
    pub(super) cache: ReplayCache,
}

impl HeldPrekeys for Prekeys {
    fn signed_prekey(&self, id: SignedPrekeyId) -> Option<PrivateKey> {
        self.signed.get(&id).cloned()
    }

    fn one_time_prekey(&self, id: OneTimePrekeyId) -> Option<PrivateKey> {
        self.one_time.get(&id).cloned()
    }

    fn was_accepted(&self, signed_prekey: SignedPrekeyId, base_key: &PublicKey) -> bool {
        self.cache.contains(signed_prekey, base_key)
    }
}

#[derive(Clone)]
pub(super) struct Device {
    pub(super) name: DeviceName,
    pub(super) identity: IdentityKeyPair,
    pub(super) prekeys: Prekeys,
    pub(super) peer: DeviceName,
    pub(super) trusted: Option<PublicKey>,
    pub(super) record: SessionRecord,
    pub(super) rng: CountingRng,
    pub(super) now: UnixMillis,
}

impl Device {
    fn new(name: DeviceName, peer: DeviceName, identity: u8, rng: u8) -> Self {
        let private = |byte| PrivateKey::from_bytes([byte; 32]);
        Self {
            name,
            identity: IdentityKeyPair::from_private(private(identity)),
            prekeys: Prekeys {
                signed: BTreeMap::from([(SIGNED, private(3))]),
                one_time: BTreeMap::from([(ONE_TIME, private(4))]),
                cache: ReplayCache::new(),
            },
            peer,
            trusted: None,
            record: SessionRecord::new(),
            rng: CountingRng(rng),
            now: NOW,
        }
    }

    pub(super) fn bundle(&self, with_one_time_prekey: bool) -> Bundle {
        let key = SigningKey::new(self.identity.private(), Rule::Paper);
        let mut rng = CountingRng(90);
        let public = |private: &PrivateKey| private.public_key();
        let signed = public(&self.prekeys.signed[&SIGNED]);
        let one_time = with_one_time_prekey.then(|| public(&self.prekeys.one_time[&ONE_TIME]));
        Bundle {
            name: self.name,
            identity_key: *self.identity.public(),
            signed_prekey: SignedPrekey::sign(SIGNED, signed, &key, &mut rng),
            one_time_prekey: one_time
                .map(|public| OneTimePrekey::sign(ONE_TIME, public, &key, &mut rng)),
        }
    }

    pub(super) fn initiate(&mut self, bundle: &Bundle) -> Result<(), Problem> {
        let local = LocalDevice { name: self.name, identity: &self.identity };
        let trusted = self.trusted.as_ref();
        self.record.initiate(&local, &self.peer, trusted, bundle, self.now, &mut self.rng)?;
        self.trusted = Some(bundle.identity_key);
        Ok(())
    }

    pub(super) fn encrypt(&mut self, plaintext: &[u8]) -> EncryptedMessage {
        self.record.encrypt(self.trusted.as_ref(), plaintext, self.now).unwrap()
    }

    /// Decrypts and stores what has to be stored.
    pub(super) fn decrypt(&mut self, message: &EncryptedMessage) -> Result<Vec<u8>, Problem> {
        let local = LocalDevice { name: self.name, identity: &self.identity };
        let received = ReceivedMessage { kind: message.kind, bytes: &message.bytes };
        let (trusted, prekeys) = (self.trusted.as_ref(), &self.prekeys);
        let rng = &mut self.rng;
        let decrypted = self.record.decrypt(&local, &self.peer, trusted, received, prekeys, rng)?;
        self.trusted = Some(decrypted.identity_key);
        if let Some(accepted) = decrypted.accepted {
            if let Some((signed_prekey, ephemeral)) = accepted.replay_key() {
                self.prekeys.cache.remember(signed_prekey, ephemeral);
            }
            if let Some(id) = accepted.one_time_prekey {
                self.prekeys.one_time.remove(&id);
            }
        }
        Ok(decrypted.plaintext)
    }

    /// Decrypts a message that must be refused and change nothing, nor draw anything.
    pub(super) fn refuse(&mut self, message: &EncryptedMessage) -> Problem {
        let (before, drawn) = (self.record.to_bytes(), self.rng.0);
        let problem = self.decrypt(message).unwrap_err();
        assert_eq!(self.record.to_bytes(), before);
        assert_eq!(self.rng.0, drawn);
        problem
    }
}

#[derive(Clone)]
pub(super) struct Pair {
    pub(super) alice: Device,
    pub(super) bob: Device,
}

impl Pair {
    /// Two devices that have not met.
    pub(super) fn strangers() -> Self {
        let name = |account, device, incarnation| DeviceName {
            account_id: AccountId([account; 16]),
            device_id: DeviceId::new(device).unwrap(),
            incarnation: Incarnation([incarnation; 16]),
        };
        let (alice, bob) = (name(0xa1, 1, 0xa2), name(0xb1, 2, 0xb2));
        Self { alice: Device::new(alice, bob, 1, 5), bob: Device::new(bob, alice, 2, 7) }
    }

    /// Alice has begun a session with Bob, who knows nothing of it.
    pub(super) fn begun(with_one_time_prekey: bool) -> Self {
        let mut pair = Self::strangers();
        let bundle = pair.bob.bundle(with_one_time_prekey);
        pair.alice.initiate(&bundle).unwrap();
        // Keys of the two sides drawn from here on never meet.
        pair.alice.rng = CountingRng(8);
        pair
    }

    /// Both have heard from each other.
    pub(super) fn met() -> Self {
        let mut pair = Self::begun(true);
        pair.alice.rng = CountingRng(100);
        let first = pair.alice.encrypt(b"first");
        pair.bob.decrypt(&first).unwrap();
        let answer = pair.bob.encrypt(b"answer");
        pair.alice.decrypt(&answer).unwrap();
        pair
    }
}
