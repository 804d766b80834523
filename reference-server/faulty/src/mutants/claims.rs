//! Spec: `spec/server/key-service.md#claiming`.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use countersign_server::{
    ids::*,
    problem::Code,
    store::{Result, keys::*},
};
use serde_json::Value;
use uuid::Uuid;

use super::limits;
use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::Act::After,
    server::{Call, Server},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("claim-1-read-then-delete", || Faults::store(ReadThenDelete::default())),
    Mutant("claim-2-empty-under-contention", || Faults::store(EmptyUnderContention::default())),
    Mutant("claim-3-last-first", || Faults::triggers(LAST_FIRST)),
    Mutant("claim-4-not-idempotent", || Faults::store(NotIdempotent)),
    Mutant("claim-5-id-reused", || Faults::store(IdReused::default())),
    Mutant("claim-6-error-when-empty", || Faults::store(ErrorWhenEmpty)),
    Mutant("claim-7-unlimited", || Faults::limiter(|honest| limits::without(honest, "claim"))),
    Mutant("claim-8-invisible", || Faults::store(Invisible)),
    Mutant("claim-10-global-id", || Faults::store(GlobalId::default())),
    Mutant("claim-11-kind-missing", || {
        Faults::gate(&[("POST", "keys/user/*/claim")], After(one_time_always))
    }),
];

/// Positions count down.
const LAST_FIRST: &str = "
    CREATE TRIGGER IF NOT EXISTS last_first AFTER INSERT ON one_time_prekeys WHEN NEW.position > 0 BEGIN
        UPDATE one_time_prekeys SET position = -NEW.position
        WHERE device = NEW.device AND suite = NEW.suite AND position = NEW.position;
    END;";

/// How long a race stays open.
const PAUSE: Duration = Duration::from_millis(40);

/// What was read before others took it.
#[derive(Default)]
struct ReadThenDelete {
    under_way: AtomicUsize,
    last: Mutex<HashMap<(AccountId, Suite), Claimed>>,
}

#[async_trait]
impl Twist for ReadThenDelete {
    async fn claim(&self, to: &Honest, claim: Claim) -> Result<Claimed> {
        let meets_another = self.under_way.fetch_add(1, Ordering::SeqCst) > 0;
        tokio::time::sleep(PAUSE).await;
        let target = (claim.account, claim.suite);
        let mut done = to.store.claim(claim).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(claimed) = &mut done
            && !claimed.repeated
        {
            match last.get(&target) {
                Some(read) if meets_another => claimed.bundles.clone_from(&read.bundles),
                _ => drop(last.insert(target, claimed.clone())),
            }
        }
        done
    }
}

#[derive(Default)]
struct EmptyUnderContention(AtomicUsize);

#[async_trait]
impl Twist for EmptyUnderContention {
    async fn claim(&self, to: &Honest, claim: Claim) -> Result<Claimed> {
        let meets_another = self.0.fetch_add(1, Ordering::SeqCst) > 0;
        tokio::time::sleep(PAUSE).await;
        let mut done = to.store.claim(claim).await;
        self.0.fetch_sub(1, Ordering::SeqCst);
        if let Ok(claimed) = &mut done
            && meets_another
        {
            claimed.bundles.iter_mut().for_each(|bundle| bundle.one_time = None);
        }
        done
    }
}

struct NotIdempotent;

#[async_trait]
impl Twist for NotIdempotent {
    async fn claim(&self, to: &Honest, claim: Claim) -> Result<Claimed> {
        match to.store.earlier_claim(claim.clone()).await? {
            Some(_) => to.store.claim(Claim { id: ClaimId(Uuid::now_v7()), ..claim }).await,
            None => to.store.claim(claim).await,
        }
    }
}

#[derive(Default)]
struct IdReused(Mutex<BTreeMap<(DeviceAddress, ClaimId), Claimed>>);

#[async_trait]
impl Twist for IdReused {
    async fn claim(&self, to: &Honest, claim: Claim) -> Result<Claimed> {
        let name = (claim.by, claim.id);
        let done = to.store.claim(claim).await;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match done {
            Err(problem) if problem.code == Code::ClaimIdReused => {
                kept.get(&name).cloned().ok_or(problem)
            }
            Err(problem) => Err(problem),
            Ok(claimed) => {
                kept.insert(name, claimed.clone());
                Ok(claimed)
            }
        }
    }
}

struct ErrorWhenEmpty;

#[async_trait]
impl Twist for ErrorWhenEmpty {
    async fn claim(&self, to: &Honest, claim: Claim) -> Result<Claimed> {
        let claimed = to.store.claim(claim).await?;
        if claimed.bundles.iter().any(|bundle| bundle.one_time.is_none()) {
            return Err(Code::SuiteUnknown.into());
        }
        Ok(claimed)
    }
}

struct Invisible;

#[async_trait]
impl Twist for Invisible {
    async fn claims(&self, _: &Honest, _: AccountId, _: Page) -> Result<Vec<ClaimEntry>> {
        Ok(Vec::new())
    }
}

#[derive(Default)]
struct GlobalId(Mutex<BTreeMap<ClaimId, DeviceAddress>>);

impl GlobalId {
    /// Who used the claim's id first.
    fn first(&self, claim: &Claim) -> DeviceAddress {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *first.entry(claim.id).or_insert(claim.by)
    }
}

#[async_trait]
impl Twist for GlobalId {
    async fn claim(&self, to: &Honest, mut claim: Claim) -> Result<Claimed> {
        claim.by = self.first(&claim);
        to.store.claim(claim).await
    }
}

fn one_time_always(_: &Server, _: &Call, answer: &mut Answer) {
    let mut json = answer.json();
    if let Some(Value::Array(devices)) = json.get_mut("devices") {
        for device in devices.iter_mut().filter_map(Value::as_object_mut) {
            device.insert("kind".to_owned(), "one_time".into());
        }
        answer.set_json(&json);
    }
}
