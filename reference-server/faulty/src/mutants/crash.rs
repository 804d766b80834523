//! What is answered before it is on the disk.

use async_trait::async_trait;
use countersign_server::{
    ids::DeviceAddress,
    store::{Result, keys::*, messages::*},
};

use crate::{
    faults::{Faults, Mutant},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("claim-9-not-durable", || Faults::store(Volatile::Claims)),
    Mutant("msg-12-not-durable", || Faults::store(Volatile::Sends)),
    Mutant("mailbox-7-loses-on-crash", || Faults::store(Volatile::Acknowledgements)),
];

/// Which operation does not wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Volatile {
    Claims,
    Sends,
    Acknowledgements,
}

impl Volatile {
    fn begin(self, operation: Self, to: &Honest) -> Result<()> {
        if self == operation { to.db.forget_what_follows() } else { Ok(()) }
    }
}

#[async_trait]
impl Twist for Volatile {
    async fn claim(&self, to: &Honest, claim: Claim) -> Result<Claimed> {
        self.begin(Self::Claims, to)?;
        to.store.claim(claim).await
    }

    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        self.begin(Self::Sends, to)?;
        to.store.send(message).await
    }

    async fn acknowledge(
        &self,
        to: &Honest,
        device: DeviceAddress,
        sequences: Vec<u64>,
    ) -> Result<Acknowledged> {
        self.begin(Self::Acknowledgements, to)?;
        to.store.acknowledge(device, sequences).await
    }
}
