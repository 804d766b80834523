//! The prekeys a device holds, as records in memory.

use std::collections::HashMap;

use countersign_protocol::ids::{OneTimePrekeyId, SignedPrekeyId};
use countersign_protocol::keys::{KeyPair, PrivateKey, PublicKey};
use countersign_protocol::prekeys::HeldPrekeys;

/// The one signed prekey there is at a time.
pub(crate) const SIGNED: SignedPrekeyId = SignedPrekeyId(1);

#[derive(Debug, Default)]
pub(crate) struct Prekeys {
    pub(crate) signed: Option<KeyPair>,
    one_time: HashMap<u32, KeyPair>,
    last: u32,
}

impl Prekeys {
    pub(crate) fn add_one_time(&mut self) {
        self.last += 1;
        self.one_time.insert(self.last, KeyPair::generate(&mut rand::rng()));
    }

    /// The one-time prekey that was made last, by its number.
    pub(crate) fn newest(&self) -> (u32, PublicKey) {
        (self.last, *self.one_time[&self.last].public())
    }

    pub(crate) fn use_up(&mut self, id: OneTimePrekeyId) {
        self.one_time.remove(&id.0);
    }
}

impl HeldPrekeys for Prekeys {
    fn signed_prekey(&self, id: SignedPrekeyId) -> Option<PrivateKey> {
        self.signed.as_ref().filter(|_| id == SIGNED).map(|pair| pair.private().clone())
    }

    fn one_time_prekey(&self, id: OneTimePrekeyId) -> Option<PrivateKey> {
        self.one_time.get(&id.0).map(|pair| pair.private().clone())
    }

    fn was_accepted(&self, _: SignedPrekeyId, _: &PublicKey) -> bool {
        false
    }
}
