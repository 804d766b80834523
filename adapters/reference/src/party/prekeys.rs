//! The prekeys that a device holds, and which first messages it took.

use std::collections::{BTreeMap, BTreeSet};

use countersign_protocol::ids::{OneTimePrekeyId, SignedPrekeyId, UnixMillis};
use countersign_protocol::keys::{KeyPair, PrivateKey, PublicKey, Signature};
use countersign_protocol::prekeys::{HeldPrekeys, SignedPrekey};
use countersign_protocol::xeddsa::{Rule, SigningKey};

use super::Party;
use crate::randomness::Randomness;

/// The prekey store of one device.
#[derive(Clone, Debug)]
pub(crate) struct Prekeys {
    pub(crate) signed: BTreeMap<SignedPrekeyId, HeldSignedPrekey>,
    pub(crate) one_time: BTreeMap<OneTimePrekeyId, HeldOneTimePrekey>,
    /// First messages without a one-time prekey that were accepted.
    pub(crate) accepted: BTreeSet<(SignedPrekeyId, PublicKey)>,
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

impl Prekeys {
    /// A store that holds nothing.
    pub(crate) const fn new() -> Self {
        Self { signed: BTreeMap::new(), one_time: BTreeMap::new(), accepted: BTreeSet::new() }
    }

    /// Forgets a signed prekey, and with it which first messages named it: they are refused now.
    pub(crate) fn remove_signed(&mut self, id: SignedPrekeyId) {
        self.signed.remove(&id);
        self.accepted.retain(|(signed_prekey, _)| *signed_prekey != id);
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
        self.accepted.contains(&(signed_prekey, *base_key))
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
        let signature = given.unwrap_or_else(|| self.sign_signed_prekey(id, &pair, randomness));
        let held = HeldSignedPrekey { pair, signature, made };
        self.prekeys.signed.insert(id, held.clone());
        held
    }

    fn sign_signed_prekey(
        &self,
        id: SignedPrekeyId,
        pair: &KeyPair,
        randomness: &mut Randomness,
    ) -> Signature {
        let key = SigningKey::new(self.device.identity.private(), Rule::Libsignal);
        SignedPrekey::sign(id, *pair.public(), &key, randomness).signature
    }

    /// Holds a one-time prekey.
    pub(crate) fn add_one_time_prekey(
        &mut self,
        id: OneTimePrekeyId,
        pair: KeyPair,
    ) -> HeldOneTimePrekey {
        let held = HeldOneTimePrekey { pair, signature: None };
        self.prekeys.one_time.insert(id, held.clone());
        held
    }
}
