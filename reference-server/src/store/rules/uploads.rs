//! Which one-time prekeys may be uploaded. Spec: `spec/server/key-service.md#ids`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    problem::{Code, Problem},
    store::{Result, keys::*, limits::Limits},
};

/// What is known of the ids of a device and suite.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// The highest id ever taken.
    pub(crate) highest: u32,
    /// How many are in stock.
    pub(crate) stock: u64,
    /// Ids in stock and ids given out, with their keys and whether they were given out. Ids that were removed
    /// unclaimed are not known any more.
    pub(crate) ids: BTreeMap<u32, ([u8; 33], bool)>,
}

/// What an upload does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Keys to be put into the stock, in this order. For a replacement: all that it shall have.
    pub(crate) put: Vec<OneTimePrekey>,
    /// What is answered.
    pub(crate) answer: Uploaded,
}

/// Decides about an upload. `prekeys_rejected`, `too_many_prekeys`.
pub(crate) fn plan(upload: &PrekeyUpload, known: &Known, limits: &Limits) -> Result<Plan> {
    let rejected = rejected(upload, known);
    if !rejected.is_empty() {
        let accepted: [u32; 0] = [];
        return Err(Problem::from(Code::PrekeysRejected)
            .with("rejected", rejected)
            .with("accepted", accepted));
    }
    let replace = upload.replace.is_some();
    let mut plan = Plan::default();
    for prekey in &upload.one_time {
        let issued = known.ids.get(&prekey.id).map(|(_, issued)| *issued);
        match issued {
            None => plan.answer.accepted.push(prekey.id),
            Some(_) => plan.answer.already_present.push(prekey.id),
        }
        if issued.is_none() || (replace && issued == Some(false)) {
            plan.put.push(prekey.clone());
        }
    }
    let kept = if replace { 0 } else { known.stock };
    if kept + plan.put.len() as u64 > u64::from(limits.one_time_prekeys) {
        return Err(Problem::from(Code::TooManyPrekeys)
            .with("stock", known.stock)
            .with("limit", limits.one_time_prekeys));
    }
    Ok(plan)
}

/// Every refused id with the first reason that applies.
fn rejected(upload: &PrekeyUpload, known: &Known) -> Vec<RefusedPrekey> {
    let signature = PrekeyRefusal::PrekeySignatureInvalid;
    let (unsigned, mut rejected): (Vec<RefusedPrekey>, Vec<RefusedPrekey>) =
        upload.refused.iter().copied().partition(|refused| refused.code == signature);
    let unsigned: BTreeSet<u32> = unsigned.into_iter().map(|refused| refused.id).collect();
    for prekey in &upload.one_time {
        let code = match known.ids.get(&prekey.id) {
            Some((public, _)) if *public != prekey.public => PrekeyRefusal::PrekeyIdConflict,
            None if prekey.id <= known.highest => PrekeyRefusal::PrekeyIdRollback,
            _ if unsigned.contains(&prekey.id) => signature,
            _ => continue,
        };
        rejected.push(RefusedPrekey { id: prekey.id, code });
    }
    rejected.sort_by_key(|refused| refused.id);
    rejected
}
