//! A device's stock of one-time prekeys. Spec: `spec/server/key-service.md#ids`.

use async_trait::async_trait;
use countersign_server::{
    ids::*,
    problem::{Code, Problem},
    store::{Result, keys::*},
};
use rusqlite::params;
use serde_json::Value;

use super::key_service::{unless, upload};
use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::Act::{After, Around},
    server::{Call, Server},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("keys-8-silent-upload", || Faults::store(Uploads(silent))),
    Mutant("keys-9-partial-upload", || Faults::store(Partial)),
    Mutant("keys-10-conflict-ignored", || Faults::store(ConflictIgnored)),
    Mutant("keys-11-any-id", || {
        Faults::gate(
            &[("POST", "keys/prekeys"), ("PUT", "keys/prekeys")],
            Around(|server, call| unless(server, call, Code::PrekeysRejected, upload)),
        )
    }),
    Mutant("keys-12-reissued", || Faults::store(Reissued)),
    Mutant("keys-13-zero-omitted", || {
        Faults::gate(&[("GET", "keys/prekeys/stats")], After(zero_omitted))
    }),
    Mutant("keys-15-replace-forgets-ids", || Faults::store(ReplaceForgets)),
    Mutant("keys-16-cleanup-everything", || Faults::store(CleanupEverything)),
    Mutant("keys-17-unsigned-one-time", || Faults::store(Unsigned)),
    Mutant("keys-18-id-rollback", || Faults::store(Rollback)),
    Mutant("keys-20-replace-keeps-old", || Faults::store(KeepsOld)),
];

/// `devices.key` of a live device, as SQL with two parameters.
const KEY: &str = "(SELECT key FROM devices WHERE account = ? AND device_id = ?)";

/// Another answer to an upload.
struct Uploads(fn(Uploaded) -> Uploaded);

#[async_trait]
impl Twist for Uploads {
    async fn add_prekeys(&self, to: &Honest, upload: PrekeyUpload) -> Result<Uploaded> {
        to.store.add_prekeys(upload).await.map(self.0)
    }
}

fn silent(mut done: Uploaded) -> Uploaded {
    done.accepted.append(&mut done.already_present);
    done.accepted.sort_unstable();
    done
}

/// What a refusal says of ids.
fn rejected(problem: &Problem) -> Vec<RefusedPrekey> {
    let rejected = problem.members.get("rejected").cloned().unwrap_or_default();
    serde_json::from_value(rejected).unwrap_or_default()
}

/// The upload without these ids.
fn without(mut upload: PrekeyUpload, ids: &[RefusedPrekey]) -> PrekeyUpload {
    let bad = |id: u32| ids.iter().any(|refused| refused.id == id);
    upload.one_time.retain(|prekey| !bad(prekey.id));
    upload.refused.retain(|refused| !bad(refused.id));
    upload
}

struct Partial;

#[async_trait]
impl Twist for Partial {
    async fn add_prekeys(&self, to: &Honest, upload: PrekeyUpload) -> Result<Uploaded> {
        let done = to.store.add_prekeys(upload.clone()).await;
        if let Err(problem) = &done
            && problem.code == Code::PrekeysRejected
        {
            to.store.add_prekeys(without(upload, &rejected(problem))).await.ok();
        }
        done
    }
}

struct ConflictIgnored;

#[async_trait]
impl Twist for ConflictIgnored {
    async fn add_prekeys(&self, to: &Honest, upload: PrekeyUpload) -> Result<Uploaded> {
        let done = to.store.add_prekeys(upload.clone()).await;
        let Err(problem) = &done else { return done };
        let mut conflicts = rejected(problem);
        conflicts.retain(|refused| refused.code == PrekeyRefusal::PrekeyIdConflict);
        if conflicts.is_empty() {
            return done;
        }
        let mut done = to.store.add_prekeys(without(upload, &conflicts)).await?;
        done.already_present.extend(conflicts.iter().map(|refused| refused.id));
        Ok(done)
    }
}

struct Reissued;

#[async_trait]
impl Twist for Reissued {
    async fn add_prekeys(&self, to: &Honest, upload: PrekeyUpload) -> Result<Uploaded> {
        let done = to.store.add_prekeys(upload.clone()).await?;
        let (account, device) = (upload.device.account, upload.device.device.number());
        for prekey in upload.one_time.iter().filter(|it| done.already_present.contains(&it.id)) {
            let sql = "DELETE FROM used_prekey_ids WHERE suite = ? AND id = ? AND issued = 1 AND device = ";
            let gone = to
                .db
                .run(&format!("{sql}{KEY}"), params![upload.suite, prekey.id, account, device])?;
            if gone == 0 {
                continue;
            }
            let sql = format!(
                "UPDATE suites SET stock = stock + 1, uploads = uploads + 1 WHERE suite = ? AND device = {KEY}"
            );
            to.db.run(&sql, params![upload.suite, account, device])?;
            let sql = format!(
                "INSERT INTO one_time_prekeys (device, suite, position, id, public, signature)
                 SELECT device, suite, uploads, ?, ?, ? FROM suites WHERE suite = ? AND device = {KEY}"
            );
            to.db.run(
                &sql,
                params![prekey.id, prekey.public, prekey.signature, upload.suite, account, device],
            )?;
        }
        Ok(done)
    }
}

fn zero_omitted(_: &Server, _: &Call, answer: &mut Answer) {
    let mut json = answer.json();
    if let Some(Value::Array(suites)) = json.get_mut("suites") {
        suites.retain(|suite| suite.get("one_time_prekeys").is_none_or(|count| count != 0));
        answer.set_json(&json);
    }
}

struct ReplaceForgets;

#[async_trait]
impl Twist for ReplaceForgets {
    async fn add_prekeys(&self, to: &Honest, upload: PrekeyUpload) -> Result<Uploaded> {
        if upload.replace.is_none() {
            return to.store.add_prekeys(upload).await;
        }
        let (suite, account, device) =
            (upload.suite, upload.device.account, upload.device.device.number());
        for sql in [
            "DELETE FROM used_prekey_ids WHERE suite = ? AND device = ",
            "DELETE FROM one_time_prekeys WHERE suite = ? AND device = ",
            "UPDATE suites SET highest_id = 0, stock = 0 WHERE suite = ? AND device = ",
        ] {
            to.db.run(&format!("{sql}{KEY}"), params![suite, account, device])?;
        }
        to.store.add_prekeys(upload).await
    }
}

struct CleanupEverything;

#[async_trait]
impl Twist for CleanupEverything {
    async fn remove_prekeys(
        &self,
        to: &Honest,
        device: DeviceAddress,
        suite: Suite,
        _below: u32,
    ) -> Result<u64> {
        to.store.remove_prekeys(device, suite, u32::MAX).await
    }
}

struct Unsigned;

#[async_trait]
impl Twist for Unsigned {
    async fn add_prekeys(&self, to: &Honest, mut upload: PrekeyUpload) -> Result<Uploaded> {
        upload.refused.retain(|refused| refused.code != PrekeyRefusal::PrekeySignatureInvalid);
        to.store.add_prekeys(upload).await
    }
}

struct Rollback;

#[async_trait]
impl Twist for Rollback {
    async fn add_prekeys(&self, to: &Honest, upload: PrekeyUpload) -> Result<Uploaded> {
        let done = to.store.add_prekeys(upload.clone()).await;
        let Err(problem) = &done else { return done };
        let old = |refused: &RefusedPrekey| refused.code == PrekeyRefusal::PrekeyIdRollback;
        let Some(lowest) = rejected(problem).into_iter().filter(old).map(|it| it.id).min() else {
            return done;
        };
        let (account, device) = (upload.device.account, upload.device.device.number());
        let set = format!("UPDATE suites SET highest_id = ? WHERE suite = ? AND device = {KEY}");
        let sql = format!("SELECT highest_id FROM suites WHERE suite = ? AND device = {KEY}");
        let highest =
            to.db.row(&sql, params![upload.suite, account, device], |row| row.get::<_, u32>(0))?;
        let suite = upload.suite;
        to.db.run(&set, params![lowest.saturating_sub(1), suite, account, device])?;
        let done = to.store.add_prekeys(upload).await;
        to.db.run(&set, params![highest, suite, account, device])?;
        done
    }
}

struct KeepsOld;

#[async_trait]
impl Twist for KeepsOld {
    async fn add_prekeys(&self, to: &Honest, mut upload: PrekeyUpload) -> Result<Uploaded> {
        if let Some(signed) = upload.replace.take() {
            to.store.rotate_signed_prekey(upload.device, upload.suite, signed, upload.now).await?;
        }
        to.store.add_prekeys(upload).await
    }
}
