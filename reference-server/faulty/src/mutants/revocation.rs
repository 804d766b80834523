//! What a revoked device keeps. Spec: `spec/server/devices.md#revocation`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use countersign_server::{
    ids::*,
    item::ItemText,
    problem::{Code, Problem},
    store::{Result, accounts::*, keys::*, messages::*},
    wire::Device,
};
use futures_util::FutureExt;
use rusqlite::{Row, params};
use serde_json::json;

use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::{Act::Around, Served},
    lax,
    server::{Call, Server},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("device-8-revoke-keeps-mailbox", || {
        Faults::gate(&[("DELETE", "auth/devices/*")], Around(keep_mailbox))
            .and_gate(&[("GET", "messages/mailbox")], Around(show_mailbox))
    }),
    Mutant("device-9-global-device-id", || Faults::store(GlobalDeviceId)),
    Mutant("device-11-deliver-to-revoked", || Faults::store(DeliverToRevoked)),
    Mutant("device-12-revoke-keeps-tokens", || Faults::store(KeepTokens)),
    Mutant("device-13-revoke-keeps-prekeys", || Faults::store(KeepPrekeys::default())),
    Mutant("device-16-revoked-in-live", || Faults::store(RevokedInLive)),
];

fn note(account: AccountId, device: DeviceId) -> String {
    format!("mailbox of {account} {device:?}")
}

fn keep_mailbox(server: &Server, call: Call) -> Served<'_> {
    async move {
        let account = server.access(&call).map(|access| access.account);
        let device = call.segment(2).parse().ok().and_then(DeviceId::new);
        if let (Some(account), Some(device)) = (account, device) {
            let (page, now) = (Page { after: 0, limit: 1000 }, server.app.now());
            let address = DeviceAddress { account, device };
            if let Ok(items) = server.app.store.mailbox(address, page, now).await {
                let items: Vec<_> = items.into_iter().map(ItemText::from).collect();
                server
                    .notes()
                    .insert(note(account, device), json!({"items": items, "empty": true}));
            }
        }
        server.pass(&call).await
    }
    .boxed()
}

fn show_mailbox(server: &Server, call: Call) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        let caller = lax::caller(server, &call);
        let kept = caller.and_then(|it| server.notes().get(&note(it.account, it.device)).cloned());
        match kept {
            Some(kept) if answer.status() == 401 => Answer::json_of(200, kept),
            _ => answer,
        }
    }
    .boxed()
}

struct GlobalDeviceId;

#[async_trait]
impl Twist for GlobalDeviceId {
    async fn revoke_device(
        &self,
        to: &Honest,
        account: AccountId,
        device: DeviceId,
        now: Moment,
    ) -> Result<Vec<LoginId>> {
        let found = to.store.revoke_device(account, device, now).await;
        let Err(problem) = found else { return found };
        let sql = "SELECT account FROM devices WHERE device_id = ? ORDER BY key DESC";
        match to.db.row(sql, [device.number()], |row| row.get(0))? {
            Some(other) => to.store.revoke_device(other, device, now).await,
            None => Err(problem),
        }
    }
}

/// The devices that an account has revoked and not closed.
fn revoked(to: &Honest, account: AccountId) -> Result<Vec<LiveDevice>> {
    let sql = "SELECT device_id, incarnation, registration_id FROM devices
               WHERE account = ? AND revoked_at IS NOT NULL AND closed_at IS NULL";
    let read = |row: &Row<'_>| {
        let id = DeviceId::new(row.get(0)?);
        Ok(id.map(|id| (id, row.get(1), row.get(2))))
    };
    let rows = to.db.rows(sql, [account], read)?;
    rows.into_iter()
        .flatten()
        .map(|(id, incarnation, registration_id)| {
            Ok(LiveDevice { id, incarnation: incarnation?, registration_id: registration_id? })
        })
        .collect()
}

struct DeliverToRevoked;

#[async_trait]
impl Twist for DeliverToRevoked {
    async fn send(&self, to: &Honest, mut message: NewMessage) -> Result<Sent> {
        for recipient in &mut message.recipients {
            for device in revoked(to, recipient.account)? {
                let sent = recipient.envelopes.len();
                recipient.envelopes.retain(|envelope| envelope.device != device.id);
                if recipient.envelopes.len() == sent {
                    let mismatch = json!([{
                        "account_id": recipient.account,
                        "device_list_version": recipient.device_list_version,
                        "missing": [Device(device.id)],
                        "extra": [],
                        "stale": [],
                    }]);
                    return Err(Problem::from(Code::DeviceListMismatch).with("accounts", mismatch));
                }
            }
        }
        to.store.send(message).await
    }
}

struct KeepTokens;

#[async_trait]
impl Twist for KeepTokens {
    async fn revoke_device(
        &self,
        to: &Honest,
        account: AccountId,
        device: DeviceId,
        now: Moment,
    ) -> Result<Vec<LoginId>> {
        for login in to.store.revoke_device(account, device, now).await? {
            to.db.run("UPDATE logins SET revoked_at = NULL WHERE id = ?", [login])?;
        }
        Ok(Vec::new())
    }
}

/// What was published for a device and suite when it was revoked.
type Kept = (LiveDevice, Suite, SignedPrekey, Vec<OneTimePrekey>);

#[derive(Default)]
struct KeepPrekeys(Mutex<BTreeMap<AccountId, Vec<Kept>>>);

impl KeepPrekeys {
    fn of(&self, account: AccountId) -> Vec<Kept> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&account).cloned().unwrap_or_default()
    }

    /// One of each kept device that a claim asks for.
    fn take(&self, claim: &Claim) -> Vec<ClaimedBundle> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_account = kept.get_mut(&claim.account).into_iter().flatten();
        let asked = |id| claim.devices.as_ref().is_none_or(|ids| ids.contains(&id));
        of_account
            .filter(|(device, suite, ..)| *suite == claim.suite && asked(device.id))
            .map(|(device, _, signed, one_time)| ClaimedBundle {
                device: *device,
                signed: signed.clone(),
                one_time: one_time.pop(),
                left: one_time.len() as u64,
            })
            .collect()
    }
}

#[async_trait]
impl Twist for KeepPrekeys {
    async fn revoke_device(
        &self,
        to: &Honest,
        account: AccountId,
        device: DeviceId,
        now: Moment,
    ) -> Result<Vec<LoginId>> {
        let keys = to.store.keys(account).await?;
        let published =
            keys.into_iter().flat_map(|keys| keys.devices).filter(|it| it.0.id == device);
        let mut kept = Vec::new();
        for (live, suites) in published {
            for (suite, signed) in suites {
                let sql = "SELECT id, public, signature FROM one_time_prekeys
                           WHERE suite = ? AND device = (SELECT key FROM devices WHERE account = ? AND device_id = ?)";
                let one_time =
                    to.db.rows(sql, params![suite, account, device.number()], |row| {
                        Ok(OneTimePrekey {
                            id: row.get(0)?,
                            public: row.get(1)?,
                            signature: row.get(2)?,
                        })
                    })?;
                kept.push((live, suite, signed, one_time));
            }
        }
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(account)
            .or_default()
            .extend(kept);
        to.store.revoke_device(account, device, now).await
    }

    async fn keys(&self, to: &Honest, account: AccountId) -> Result<Option<AccountKeys>> {
        let mut keys = to.store.keys(account).await?;
        if let Some(keys) = &mut keys {
            let kept = self.of(account).into_iter();
            keys.devices
                .extend(kept.map(|(device, suite, signed, _)| (device, vec![(suite, signed)])));
        }
        Ok(keys)
    }

    async fn claim(&self, to: &Honest, claim: Claim) -> Result<Claimed> {
        let claimed = to.store.claim(claim.clone()).await;
        let more = self.take(&claim);
        match claimed {
            Ok(mut claimed) => {
                claimed.bundles.extend(more);
                Ok(claimed)
            }
            Err(problem) if problem.code == Code::SuiteUnknown && !more.is_empty() => {
                let directory = to.store.directory(claim.account).await?.ok_or(problem)?;
                let Directory { identity_key, list, version, .. } = directory;
                Ok(Claimed { identity_key, list, version, bundles: more, repeated: false })
            }
            Err(problem) => Err(problem),
        }
    }
}

struct RevokedInLive;

#[async_trait]
impl Twist for RevokedInLive {
    async fn directory(&self, to: &Honest, account: AccountId) -> Result<Option<Directory>> {
        let mut directory = to.store.directory(account).await?;
        if let Some(directory) = &mut directory {
            directory.live.extend(revoked(to, account)?);
        }
        Ok(directory)
    }
}
