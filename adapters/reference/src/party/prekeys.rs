//! The prekeys that a device holds, and which first messages it took.

use std::collections::BTreeMap;

use countersign_protocol::ids::{OneTimePrekeyId, SignedPrekeyId, UnixMillis};
use countersign_protocol::keys::{KeyPair, PrivateKey, PublicKey, Signature};
use countersign_protocol::native;
use countersign_protocol::prekeys::{self, HeldPrekeys};
use countersign_protocol::replay_cache::ReplayCache;
use countersign_protocol::xeddsa::{Rule, SigningKey};

use super::{Device, Party, Suite};
use crate::randomness::Randomness;

/// The prekey store of one device.
#[derive(Clone, Debug)]
pub(crate) struct Prekeys {
    pub(crate) signed: BTreeMap<SignedPrekeyId, HeldSignedPrekey>,
    pub(crate) one_time: BTreeMap<OneTimePrekeyId, HeldOneTimePrekey>,
    /// First messages without a one-time prekey that were accepted.
    pub(crate) accepted: ReplayCache,
}

/// A signed prekey with its private half.
#[derive(Clone, Debug)]
pub(crate) struct HeldSignedPrekey {
    pub(crate) pair: KeyPair,
    pub(crate) signature: Signature,
    pub(crate) made: UnixMillis,
}

/// A one-time prekey with its private half. Suite `signal-v3` does not sign it.
#[derive(Clone, Debug)]
pub(crate) struct HeldOneTimePrekey {
    pub(crate) pair: KeyPair,
    pub(crate) signature: Option<Signature>,
}

/// What a first message that began a session leaves behind.
pub(super) struct Accepted {
    /// Used now, and to be deleted.
    pub(super) one_time_prekey: Option<OneTimePrekeyId>,
    /// The signed prekey and the base key, where no one-time prekey keeps the message from being replayed.
    pub(super) replay_key: Option<(SignedPrekeyId, PublicKey)>,
}

impl Prekeys {
    /// A store that holds nothing.
    pub(crate) const fn new() -> Self {
        Self { signed: BTreeMap::new(), one_time: BTreeMap::new(), accepted: ReplayCache::new() }
    }

    /// Stores what the first message of a new session changes.
    pub(super) fn commit(&mut self, accepted: &Accepted) {
        if let Some(id) = accepted.one_time_prekey {
            self.one_time.remove(&id);
        }
        if let Some((signed_prekey, base_key)) = &accepted.replay_key {
            self.accepted.remember(*signed_prekey, base_key);
        }
    }

    /// Forgets a signed prekey, and with it which first messages named it: they are refused now.
    pub(crate) fn remove_signed(&mut self, id: SignedPrekeyId) {
        self.signed.remove(&id);
        self.accepted.forget(id);
    }
}

impl HeldPrekeys for Prekeys {
    fn signed_prekey(&self, id: SignedPrekeyId) -> Option<PrivateKey> {
        self.signed.get(&id).map(|held| held.pair.private().clone())
    }

    fn one_time_prekey(&self, id: OneTimePrekeyId) -> Option<PrivateKey> {
        self.one_time.get(&id).map(|held| held.pair.private().clone())
    }

    fn was_accepted(&self, signed_prekey: SignedPrekeyId, base_key: &PublicKey) -> bool {
        self.accepted.contains(signed_prekey, base_key)
    }
}

impl Party {
    /// Holds a signed prekey, which it signs itself when it is not given a signature.
    pub(crate) fn add_signed_prekey(
        &mut self,
        id: SignedPrekeyId,
        pair: KeyPair,
        made: UnixMillis,
        given: Option<Signature>,
        randomness: &mut Randomness,
    ) -> HeldSignedPrekey {
        let signature = given.unwrap_or_else(|| {
            let key = self.device.signing_key();
            match self.device.suite {
                Suite::SignalV3 => {
                    prekeys::SignedPrekey::sign(id, *pair.public(), &key, randomness).signature
                }
                Suite::RatchetChaCha20 => {
                    native::SignedPrekey::sign(id, *pair.public(), &key, randomness).signature
                }
            }
        });
        let held = HeldSignedPrekey { pair, signature, made };
        self.prekeys.signed.insert(id, held.clone());
        held
    }

    /// Holds a one-time prekey. In the suite that has it signed it signs itself when it is not given a signature.
    pub(crate) fn add_one_time_prekey(
        &mut self,
        id: OneTimePrekeyId,
        pair: KeyPair,
        given: Option<Signature>,
        randomness: &mut Randomness,
    ) -> HeldOneTimePrekey {
        let signature = match self.device.suite {
            Suite::SignalV3 => None,
            Suite::RatchetChaCha20 => given.or_else(|| {
                let key = self.device.signing_key();
                native::OneTimePrekey::sign(id, *pair.public(), &key, randomness).signature
            }),
        };
        let held = HeldOneTimePrekey { pair, signature };
        self.prekeys.one_time.insert(id, held.clone());
        held
    }
}

impl Device {
    /// The identity key as this device's suite signs prekeys with it.
    fn signing_key(&self) -> SigningKey {
        let rule = match self.suite {
            Suite::SignalV3 => Rule::Libsignal,
            Suite::RatchetChaCha20 => Rule::Paper,
        };
        SigningKey::new(self.identity.private(), rule)
    }
}
