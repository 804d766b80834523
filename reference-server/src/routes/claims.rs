//! Querying and claiming other accounts' keys. Spec: `spec/server/key-service.md#claiming`.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use super::{
    PageQuery, malformed,
    published::{OneTimeText, SignedText},
};
use crate::{
    app::{App, AppState},
    auth::caller::{Caller, DeviceCaller},
    extract::{Json, Path, Query},
    ids::{AccountId, ClaimId, DeviceAddress, Moment, Suite},
    limiter::Limit,
    problem::{Code, Problem},
    realtime::frame::ServerFrame,
    store::keys::{Claim, ClaimEntry, Claimed, ClaimedBundle},
    wire::{Base64, Base64Array, Device, Key, prekey_suite, present},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/keys/claims", get(list))
        .route("/keys/user/{account_id}", get(query))
        .route("/keys/user/{account_id}/claim", post(claim))
}

/// Whether a one-time prekey was served.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum ServedKind {
    OneTime,
    None,
}

impl ServedKind {
    const fn of<T>(served: Option<&T>) -> Self {
        if served.is_some() { Self::OneTime } else { Self::None }
    }
}

#[derive(Serialize)]
struct ClaimsReply {
    claims: Vec<EntryText>,
    next: Option<u64>,
}

#[derive(Serialize)]
struct EntryText {
    sequence: u64,
    at: Moment,
    device_id: Device,
    suite: Suite,
    prekey_id: Option<u32>,
    kind: ServedKind,
    caller_account_id: AccountId,
}

impl From<ClaimEntry> for EntryText {
    fn from(entry: ClaimEntry) -> Self {
        Self {
            sequence: entry.sequence,
            at: entry.at,
            device_id: Device(entry.device),
            suite: entry.suite,
            prekey_id: entry.prekey,
            kind: ServedKind::of(entry.prekey.as_ref()),
            caller_account_id: entry.by,
        }
    }
}

/// `GET keys/claims`: who took the account's one-time prekeys.
async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<ClaimsReply>, Problem> {
    let mut entries = app.store.claims(caller.account, page.and_one()).await?;
    let more = entries.len() > page.size();
    entries.truncate(page.size());
    let next = entries.last().map(|entry| entry.sequence).filter(|_| more);
    let claims = entries.into_iter().map(EntryText::from).collect();
    Ok(axum::Json(ClaimsReply { claims, next }))
}

#[derive(Serialize)]
struct QueryReply {
    account_id: AccountId,
    identity_key: Key,
    device_list: Base64,
    device_list_version: u64,
    devices: Vec<PublishedDevice>,
}

#[derive(Serialize)]
struct PublishedDevice {
    device_id: Device,
    registration_id: u32,
    prekeys: Vec<PublishedPrekeys>,
}

#[derive(Serialize)]
struct PublishedPrekeys {
    suite: Suite,
    signed_prekey: SignedText,
}

/// `GET keys/user/{account_id}`: what anyone with an account may see. Takes nothing.
async fn query(
    State(app): State<AppState>,
    _caller: Caller,
    Path(account_id): Path<AccountId>,
) -> Result<axum::Json<QueryReply>, Problem> {
    let keys = app.store.keys(account_id).await?.ok_or(Code::AccountUnknown)?;
    let devices = keys.devices.iter().map(|(device, prekeys)| PublishedDevice {
        device_id: Device(device.id),
        registration_id: device.registration_id,
        prekeys: prekeys
            .iter()
            .map(|(suite, signed)| PublishedPrekeys { suite: *suite, signed_prekey: signed.into() })
            .collect(),
    });
    Ok(axum::Json(QueryReply {
        account_id,
        identity_key: Key::new(keys.identity_key),
        devices: devices.collect(),
        device_list: Base64(keys.list),
        device_list_version: keys.version,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimRequest {
    claim_id: ClaimId,
    #[serde(with = "prekey_suite")]
    suite: Suite,
    #[serde(default, deserialize_with = "present")]
    device_ids: Option<Vec<Device>>,
}

#[derive(Serialize)]
struct ClaimReply {
    claim_id: ClaimId,
    account_id: AccountId,
    identity_key: Key,
    device_list: Base64,
    device_list_version: u64,
    devices: Vec<ClaimedText>,
}

#[derive(Serialize)]
struct ClaimedText {
    device_id: Device,
    registration_id: u32,
    incarnation: Base64Array<16>,
    signed_prekey: SignedText,
    one_time_prekey: Option<OneTimeText>,
    kind: ServedKind,
}

impl From<&ClaimedBundle> for ClaimedText {
    fn from(bundle: &ClaimedBundle) -> Self {
        Self {
            device_id: Device(bundle.device.id),
            registration_id: bundle.device.registration_id,
            incarnation: Base64Array(bundle.device.incarnation.0),
            signed_prekey: SignedText::from(&bundle.signed),
            one_time_prekey: bundle.one_time.as_ref().map(OneTimeText::from),
            kind: ServedKind::of(bundle.one_time.as_ref()),
        }
    }
}

/// `POST keys/user/{account_id}/claim`: takes one one-time prekey of each device asked for.
async fn claim(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Path(account_id): Path<AccountId>,
    Json(request): Json<ClaimRequest>,
) -> Result<axum::Json<ClaimReply>, Problem> {
    let claim = Claim {
        by: caller.address,
        id: request.claim_id,
        account: account_id,
        suite: request.suite,
        devices: devices(request.device_ids)?,
        now: app.now(),
    };
    let claimed = app.claim_within_limit(claim).await?;
    if !claimed.repeated {
        app.count_and_tell(account_id, request.suite, &claimed.bundles);
    }
    Ok(axum::Json(ClaimReply {
        claim_id: request.claim_id,
        account_id,
        identity_key: Key::new(claimed.identity_key),
        devices: claimed.bundles.iter().map(ClaimedText::from).collect(),
        device_list: Base64(claimed.list),
        device_list_version: claimed.version,
    }))
}

/// 1 to 127 devices, each once, ascending.
fn devices(ids: Option<Vec<Device>>) -> Result<Option<Vec<crate::ids::DeviceId>>, Problem> {
    let Some(mut ids) = ids else { return Ok(None) };
    let named = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if named == 0 || ids.len() != named {
        return Err(malformed("device_ids"));
    }
    Ok(Some(ids.into_iter().map(|id| id.0).collect()))
}

impl App {
    /// Charges the claim to each device claimed from, all or none. A repeat costs nothing.
    async fn claim_within_limit(&self, claim: Claim) -> Result<Claimed, Problem> {
        let _turn = self.claims.wait(claim.by, claim.id.0).await;
        let subjects = self.charged_devices(&claim).await?;
        let limits: Vec<Limit<'_>> = subjects
            .iter()
            .map(|subject| Limit { name: "claim", subject, rate: self.config.rates.claim })
            .collect();
        for (taken, limit) in limits.iter().enumerate() {
            if let Err(limited) = self.limiter.require(limit, claim.now).await {
                self.give_back(limits.iter().take(taken)).await;
                return self.store.earlier_claim(claim).await?.ok_or(limited);
            }
        }
        let claimed = self.store.claim(claim).await;
        if claimed.as_ref().map_or(true, |claimed| claimed.repeated) {
            self.give_back(limits.iter()).await;
        }
        claimed
    }

    async fn give_back<'a>(&self, limits: impl Iterator<Item = &'a Limit<'a>>) {
        for limit in limits {
            self.limiter.give_back(limit).await;
        }
    }

    /// The subjects of the limit: calling account, then the device claimed from.
    async fn charged_devices(&self, claim: &Claim) -> Result<Vec<Vec<u8>>, Problem> {
        let Some(directory) = self.store.directory(claim.account).await? else {
            return Ok(Vec::new());
        };
        let is_asked = |id| claim.devices.as_ref().is_none_or(|devices| devices.contains(&id));
        let live = directory.live.iter().map(|live| live.id).filter(|id| is_asked(*id));
        let subject = |id: crate::ids::DeviceId| {
            let (by, of) = (claim.by.account.0.into_bytes(), claim.account.0.into_bytes());
            [&by[..], &of, &[id.number()]].concat()
        };
        Ok(live.map(subject).collect())
    }

    /// Counts what was given, and tells devices whose stock runs out.
    fn count_and_tell(&self, account: AccountId, suite: Suite, bundles: &[ClaimedBundle]) {
        for bundle in bundles {
            let counter = match bundle.one_time {
                Some(_) => &self.metrics.claims,
                None => &self.metrics.claims_empty,
            };
            counter.increment(1);
            if bundle.left < self.config.limits.low_water {
                let device = DeviceAddress { account, device: bundle.device.id };
                let frame = ServerFrame::KeysLow { suite, one_time_prekeys: bundle.left };
                self.fanout.hint(device, frame);
            }
        }
    }
}
