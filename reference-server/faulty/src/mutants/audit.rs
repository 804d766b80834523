//! Spec: `spec/server/audit.md`.

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_protocol::{audit::EntryHash, ids::UnixMillis, name};
use countersign_server::{
    ids::*,
    store::{Result, keys::*},
};
use serde_json::Value;

use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::Act::After,
    server::{Call, Server},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("audit-1-rotation-missing", || Faults::store(RotationMissing)),
    Mutant("audit-2-broken-chain", || Faults::store(BrokenChain)),
    Mutant("audit-3-unsigned-head", || {
        Faults::gate(&[("GET", "keys/user/*/audit")], After(other_signature))
    }),
    Mutant("audit-4-rewritten", || Faults::store(Rewritten)),
];

const LAST: &str = "DELETE FROM audit WHERE account = ?1 AND substr(payload, 1, 1) = x'03'
                    AND sequence = (SELECT MAX(sequence) FROM audit WHERE account = ?1)";

struct RotationMissing;

#[async_trait]
impl Twist for RotationMissing {
    async fn rotate_signed_prekey(
        &self,
        to: &Honest,
        device: DeviceAddress,
        suite: Suite,
        prekey: SignedPrekey,
        now: Moment,
    ) -> Result<()> {
        let count = "SELECT COUNT(*) FROM audit WHERE account = ?";
        let entries = || to.db.row(count, [device.account], |row| row.get::<_, u64>(0));
        let before = entries()?;
        to.store.rotate_signed_prekey(device, suite, prekey, now).await?;
        if entries()? > before {
            to.db.run(LAST, [device.account])?;
        }
        Ok(())
    }
}

struct Rewritten;

#[async_trait]
impl Twist for Rewritten {
    async fn rotate_signed_prekey(
        &self,
        to: &Honest,
        device: DeviceAddress,
        suite: Suite,
        prekey: SignedPrekey,
        now: Moment,
    ) -> Result<()> {
        to.db.run(LAST, [device.account])?;
        to.store.rotate_signed_prekey(device, suite, prekey, now).await
    }
}

/// Each entry is hashed as if it were the first.
struct BrokenChain;

#[async_trait]
impl Twist for BrokenChain {
    async fn audit(&self, to: &Honest, account: AccountId, page: Page) -> Result<AuditLog> {
        let mut log = to.store.audit(account, page).await?;
        let name = name::AccountId(account.0.into_bytes());
        let alone = |entry: &AuditEntry| {
            EntryHash::START.next(name, entry.sequence, UnixMillis(entry.at.0), &entry.payload).0
        };
        let last = Page { after: log.last.saturating_sub(1), limit: 1 };
        if let Some(last) = to.store.audit(account, last).await?.entries.first() {
            log.last_hash = alone(last);
        }
        for entry in &mut log.entries {
            entry.hash = alone(entry);
        }
        Ok(log)
    }
}

fn other_signature(_: &Server, _: &Call, answer: &mut Answer) {
    let mut json = answer.json();
    if let Some(Value::String(signature)) = json.pointer_mut("/head/signature") {
        let mut bytes = BASE64_STANDARD.decode(&*signature).unwrap_or_default();
        if let Some(byte) = bytes.first_mut() {
            *byte ^= 1;
        }
        *signature = BASE64_STANDARD.encode(bytes);
        answer.set_json(&json);
    }
}
