//! Spec: `spec/server/devices.md#linking`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use countersign_server::{
    ids::{DeviceId, LoginId, Moment, SlotId, TokenHash},
    problem::Code,
    store::{Result, accounts::*},
};

use crate::{
    faults::{Faults, Mutant},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("link-1-slot-read-twice", || Faults::store(ReadTwice::default())),
    Mutant("link-2-overwritten", || Faults::store(Overwritten)),
    Mutant("link-3-token-twice", || Faults::store(TokenTwice)),
    Mutant("link-4-any-id", || Faults::store(AnyId)),
    Mutant("link-5-never-expires", || Faults::store(SlotForEver)),
    Mutant("link-6-token-never-expires", || Faults::store(TokenForEver)),
];

/// A year from now.
const fn late(moment: Moment) -> Moment {
    moment.plus_millis(365 * 86_400_000)
}

#[derive(Default)]
struct ReadTwice(Mutex<BTreeMap<SlotId, Vec<u8>>>);

#[async_trait]
impl Twist for ReadTwice {
    async fn take_slot(&self, to: &Honest, slot: SlotId, now: Moment) -> Result<Option<Vec<u8>>> {
        let taken = to.store.take_slot(slot, now).await;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match taken {
            Ok(Some(envelope)) => {
                kept.insert(slot, envelope.clone());
                Ok(Some(envelope))
            }
            Err(problem) => kept.get(&slot).cloned().map(Some).ok_or(problem),
            Ok(None) => Ok(None),
        }
    }
}

struct Overwritten;

#[async_trait]
impl Twist for Overwritten {
    async fn fill_slot(
        &self,
        to: &Honest,
        slot: SlotId,
        envelope: Vec<u8>,
        now: Moment,
    ) -> Result<()> {
        match to.store.fill_slot(slot, envelope.clone(), now).await {
            Err(problem) if problem.code == Code::SlotFilled => {
                to.db.run("UPDATE slots SET envelope = NULL WHERE id = ?", [slot])?;
                to.store.fill_slot(slot, envelope, now).await
            }
            done => done,
        }
    }
}

struct TokenTwice;

#[async_trait]
impl Twist for TokenTwice {
    async fn redeem_link_token(
        &self,
        to: &Honest,
        hash: TokenHash,
        login: LinkLogin,
        now: Moment,
    ) -> Result<Linked> {
        to.db.run("UPDATE link_tokens SET redeemed_at = NULL WHERE hash = ?", [hash])?;
        to.store.redeem_link_token(hash, login, now).await
    }
}

struct AnyId;

#[async_trait]
impl Twist for AnyId {
    async fn register_device(
        &self,
        to: &Honest,
        registration: Registration,
    ) -> Result<Vec<LoginId>> {
        to.db.run("UPDATE logins SET reserved = NULL WHERE id = ?", [registration.login])?;
        to.store.register_device(registration).await
    }
}

struct SlotForEver;

#[async_trait]
impl Twist for SlotForEver {
    async fn open_slot(&self, to: &Honest, slot: SlotId, expires_at: Moment) -> Result<()> {
        to.store.open_slot(slot, late(expires_at)).await
    }
}

struct TokenForEver;

#[async_trait]
impl Twist for TokenForEver {
    async fn create_link_token(&self, to: &Honest, token: NewLinkToken) -> Result<DeviceId> {
        to.store
            .create_link_token(NewLinkToken { expires_at: late(token.expires_at), ..token })
            .await
    }
}
