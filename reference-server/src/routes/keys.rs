//! Registering a device, rotating its signed prekeys, checking what is held. Spec: `spec/server/key-service.md`.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use countersign_protocol::{
    device_list::SignedDeviceList,
    ids::{RegistrationId, SignedPrekeyId, UnixMillis},
    keys::{PublicKey, Signature},
    name,
    profile::Profile,
    registration::{
        self, PublishedSignedPrekey, StatementNonce, SuitePrekeys, keys_check, keys_digest,
    },
    suite::SuiteId,
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{
    auth::{nonce_forget_at, require_timely},
    device_list::{LISTS, decode, require_own},
    malformed,
    published::{RegisteredText, SignedText, UploadedText, check_one_time, check_signed},
};
use crate::{
    app::{App, AppState, after},
    auth::{
        caller::{Caller, DeviceCaller},
        issue::Issued,
        token::{Access, hash, new_refresh},
    },
    extract::Json,
    ids::{AccountId, DeviceAddress, Incarnation, Moment, Suite},
    problem::{Code, Problem},
    store::{
        accounts::Registration,
        keys::{SignedPrekey, SuiteKeys},
    },
    wire::{Base64, Base64Array, Device, Key, Object, prekey_suite},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/keys/register", post(register))
        .route("/keys/rotate", post(rotate))
        .route("/keys/check", post(check))
}

/// Registration ids of this protocol family have 14 bits, and these are spared.
const REGISTRATION_IDS: std::ops::RangeInclusive<u32> = 1..=16_380;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterRequest {
    device_id: Device,
    registration_id: u32,
    identity_key: Key,
    device_list: Base64,
    prekeys: Vec<Object<SuiteText>>,
    nonce: Base64Array<16>,
    timestamp: Moment,
    signature: Base64Array<64>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteText {
    #[serde(with = "prekey_suite")]
    suite: Suite,
    signed_prekey: Object<SignedText>,
    one_time_prekeys: Vec<Object<RegisteredText>>,
}

#[derive(Serialize)]
struct RegisterReply {
    device_id: Device,
    device_list_version: u64,
    tokens: Issued,
}

/// `POST keys/register`: makes the login a device, with its identity, its entry in the list, and its prekeys.
async fn register(
    State(app): State<AppState>,
    caller: Caller,
    Json(request): Json<RegisterRequest>,
) -> Result<(StatusCode, axum::Json<RegisterReply>), Problem> {
    require_shape(&app, &request)?;
    require_timely(&app, request.timestamp)?;
    let account = app.store.account(caller.account).await?.ok_or(Code::Unauthenticated)?;
    let key = request.identity_key.bytes();
    if account.identity_key.is_some_and(|held| held != key) {
        return Err(Code::IdentityMismatch.into());
    }
    let before = app.store.directory(caller.account).await?;
    let (refresh, now) = (new_refresh(&*app.entropy), app.now());
    let mut registration = verify_off_thread(&app, &caller, request).await?;
    registration.refresh = hash(&refresh);
    let (address, version) = (registration.device, registration.list.version.0);
    let expires_at = registration.refresh_expires_at;
    registration.now = now;
    let logins = app.store.register_device(registration).await?;
    if let Some(before) = &before {
        app.end_devices_since(address.account, before).await?;
    }
    app.end_logins(logins);
    app.logins.forget(caller.login);
    app.announce(address.account, version);
    let access =
        Access { account: caller.account, login: caller.login, device: Some(address.device) };
    let tokens = app.issue(access, refresh, expires_at)?;
    let device_id = Device(address.device);
    Ok((
        StatusCode::CREATED,
        axum::Json(RegisterReply { device_id, device_list_version: version, tokens }),
    ))
}

fn require_shape(app: &App, request: &RegisterRequest) -> Result<(), Problem> {
    if !REGISTRATION_IDS.contains(&request.registration_id) {
        return Err(malformed("registration_id"));
    }
    let mut suites: Vec<Suite> = request.prekeys.iter().map(|keys| keys.0.suite).collect();
    suites.sort_unstable();
    suites.dedup();
    let most = app.config.limits.prekeys_per_upload;
    let fits = |keys: &Object<SuiteText>| keys.0.one_time_prekeys.len() <= most;
    if !LISTS.contains(&request.device_list.0.len()) {
        return Err(malformed("device_list"));
    }
    if suites.len() == request.prekeys.len() && request.prekeys.iter().all(fits) {
        Ok(())
    } else {
        Err(malformed("prekeys"))
    }
}

/// Signatures of hundreds of prekeys take milliseconds: not on the threads that answer everybody.
async fn verify_off_thread(
    app: &AppState,
    caller: &Caller,
    request: RegisterRequest,
) -> Result<Registration, Problem> {
    let (app, caller) = (app.clone(), *caller);
    tokio::task::spawn_blocking(move || verify(&app, &caller, &request))
        .await
        .map_err(Problem::internal)?
}

/// Every check of a registration that needs no store, in the order of the specification.
fn verify(app: &App, caller: &Caller, request: &RegisterRequest) -> Result<Registration, Problem> {
    let list = decode(&request.device_list.0)?;
    let identity = PublicKey::decode(&request.identity_key.bytes(), Profile::Compatible)
        .map_err(|_refused| malformed("identity_key"))?;
    let device = request.device_id.0;
    let entry = list.entry(device).ok_or(Code::RegistrationMismatch)?;
    let incarnation = entry.incarnation;
    let statement = registration::Registration {
        device: name::DeviceName {
            account_id: name::AccountId(caller.account.0.into_bytes()),
            device_id: device,
            incarnation,
        },
        registration_id: RegistrationId(request.registration_id),
        identity_key: identity,
        keys_digest: digest(&request.prekeys)?,
        nonce: StatementNonce(request.nonce.0),
        timestamp: UnixMillis(request.timestamp.0),
    };
    statement
        .verify(&Signature::from_bytes(request.signature.0))
        .map_err(|_refused| Code::SignatureInvalid)?;
    require_own(&list, caller.account, Some(request.identity_key.bytes()))?;
    require_told(&list, request)?;
    let prekeys = request.prekeys.iter().map(|Object(keys)| published(&identity, keys));
    Ok(Registration {
        device: DeviceAddress { account: caller.account, device },
        login: caller.login,
        refresh: hash(""),
        refresh_expires_at: after(app.now(), app.config.limits.refresh_token_seconds),
        incarnation: Incarnation(incarnation.0),
        registration_id: request.registration_id,
        identity_key: request.identity_key.bytes(),
        prekeys: prekeys.collect::<Result<_, _>>()?,
        list,
        nonce: request.nonce.0,
        nonce_forget_at: nonce_forget_at(app, request.timestamp),
        now: app.now(),
    })
}

/// The list tells of the device what is being registered.
fn require_told(list: &SignedDeviceList, request: &RegisterRequest) -> Result<(), Problem> {
    let entry = list.entry(request.device_id.0).ok_or(Code::RegistrationMismatch)?;
    let with_prekeys =
        entry.suites.iter().map(|suite| Suite(suite.0)).filter(|it| it.has_prekeys());
    let mut told: Vec<Suite> = with_prekeys.collect();
    let mut registered: Vec<Suite> = request.prekeys.iter().map(|keys| keys.0.suite).collect();
    told.sort_unstable();
    registered.sort_unstable();
    let same = entry.registration_id.0 == request.registration_id && told == registered;
    if same && !entry.is_closed() { Ok(()) } else { Err(Code::RegistrationMismatch.into()) }
}

fn published(identity: &PublicKey, keys: &SuiteText) -> Result<SuiteKeys, Problem> {
    let signed = check_signed(identity, keys.suite, keys.signed_prekey.0)?;
    let one_time =
        keys.one_time_prekeys.iter().map(|Object(text)| Object(UploadedText::from(*text)));
    let one_time: Vec<_> = one_time.collect();
    let one_time = check_one_time(identity, keys.suite, &one_time).require_all()?;
    Ok(SuiteKeys { suite: keys.suite, signed, one_time })
}

/// What the statement says of the prekeys.
fn digest(prekeys: &[Object<SuiteText>]) -> Result<[u8; 32], Problem> {
    let suites = prekeys.iter().map(|Object(keys)| {
        let one_time = keys.one_time_prekeys.iter().map(|Object(text)| text.stated());
        Ok(SuitePrekeys {
            suite: SuiteId(keys.suite.0),
            signed_prekey: stated(&keys.signed_prekey.0.into())?,
            one_time_prekeys: one_time.collect::<Result<_, Problem>>()?,
        })
    });
    let suites = suites.collect::<Result<Vec<_>, Problem>>()?;
    keys_digest(&suites).map_err(|_twice| malformed("prekeys"))
}

fn stated(prekey: &SignedPrekey) -> Result<PublishedSignedPrekey, Problem> {
    let public = PublicKey::decode(&prekey.public, Profile::Compatible)
        .map_err(|_refused| Code::PrekeySignatureInvalid)?;
    let signature = Signature::from_bytes(prekey.signature);
    Ok(PublishedSignedPrekey { id: SignedPrekeyId(prekey.id), public, signature })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RotateRequest {
    #[serde(with = "prekey_suite")]
    suite: Suite,
    signed_prekey: Object<SignedText>,
}

#[derive(Serialize)]
struct RotateReply {
    suite: Suite,
    id: u32,
    next_rotation_at: Moment,
}

/// `POST keys/rotate`: replaces a signed prekey.
async fn rotate(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Json(request): Json<RotateRequest>,
) -> Result<axum::Json<RotateReply>, Problem> {
    let identity = app.identity(caller.account()).await?;
    let suite = request.suite;
    let prekey = check_signed(&identity, suite, request.signed_prekey.0)?;
    let id = prekey.id;
    app.store.rotate_signed_prekey(caller.address, suite, prekey, app.now()).await?;
    let stats = app.store.prekey_stats(caller.address).await?;
    let held = stats.iter().find(|stats| stats.suite == suite).ok_or(Code::SuiteUnknown)?;
    let next_rotation_at = after(held.signed_at, app.config.limits.rotation_seconds);
    Ok(axum::Json(RotateReply { suite, id, next_rotation_at }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckRequest {
    #[serde(with = "prekey_suite")]
    suite: Suite,
    digest: Base64Array<32>,
}

/// `POST keys/check`: whether the server holds the keys that the device thinks it does.
async fn check(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Json(request): Json<CheckRequest>,
) -> Result<StatusCode, Problem> {
    let keys = app.store.keys(caller.account()).await?.ok_or(Code::Unauthenticated)?;
    let mut devices = keys.devices.iter();
    let device = devices.find(|(device, _)| device.id == caller.address.device);
    let (_, held) = device.ok_or(Code::Unauthenticated)?;
    let held = held.iter().find(|(suite, _)| *suite == request.suite).ok_or(Code::SuiteUnknown)?;
    let identity =
        PublicKey::decode(&keys.identity_key, Profile::Compatible).map_err(Problem::internal)?;
    let digest = keys_check(&identity, SuiteId(request.suite.0), &stated(&held.1)?);
    if bool::from(digest.ct_eq(&request.digest.0)) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Code::KeysDrifted.into())
    }
}

impl App {
    /// The account's identity key, which every account with a device has.
    pub(super) async fn identity(&self, account: AccountId) -> Result<PublicKey, Problem> {
        let account = self.store.account(account).await?.ok_or(Code::Unauthenticated)?;
        let key = account.identity_key.ok_or(Code::Unauthenticated)?;
        PublicKey::decode(&key, Profile::Compatible).map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests;
