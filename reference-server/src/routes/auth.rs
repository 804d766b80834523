//! Accounts and logins. Spec: `spec/server/authentication.md`.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use countersign_protocol::{
    ids::UnixMillis,
    keys::{PublicKey, Signature},
    name::{self, DeviceName},
    profile::Profile,
    registration::{DeviceLogin, StatementNonce},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::malformed;
use crate::{
    app::{App, AppState, after},
    auth::{
        caller::{Caller, ClientAddress, DeviceCaller},
        issue::Issued,
        password::require_acceptable,
        token::{Access, hash, new_opaque, new_refresh},
    },
    config::Provisioning,
    extract::{Json, Path},
    ids::{AccountId, LoginId, Moment},
    limiter::Limit,
    problem::{Code, Problem},
    store::accounts::{DeviceProof, NewAccount, NewLogin, Refresh, Refreshed, Ticket},
    wire::{Base64Array, Device, Key, Object, present},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/auth/signup", post(signup))
        .route("/auth/login", post(login))
        .route("/auth/refresh", post(refresh))
        .route("/auth/logout", post(logout))
        .route("/auth/me", get(me))
        .route("/auth/ws-ticket", post(ticket))
        .route("/users/by-name/{username}", get(by_name))
}

/// A user name: 3 to 32 of `a-z0-9_.-`.
fn require_username(text: &str) -> Result<(), Problem> {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
    let is_name = (3..=32).contains(&text.len()) && text.bytes().all(fits);
    is_name.then_some(()).ok_or_else(|| malformed("username"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignupRequest {
    username: String,
    password: Zeroizing<String>,
    #[serde(default, deserialize_with = "present")]
    registration_token: Option<String>,
}

#[derive(Serialize)]
struct SignupReply {
    account_id: AccountId,
    username: String,
    tokens: Issued,
}

/// `POST auth/signup`: makes an account and its first login.
async fn signup(
    State(app): State<AppState>,
    address: ClientAddress,
    Json(request): Json<SignupRequest>,
) -> Result<(StatusCode, axum::Json<SignupReply>), Problem> {
    require_username(&request.username)?;
    let token = request.registration_token.as_deref();
    if token.is_some_and(|token| !(1..=256).contains(&token.chars().count())) {
        return Err(malformed("registration_token"));
    }
    require_welcome(&app, token)?;
    require_acceptable(&request.password)?;
    let now = app.now();
    let rate = app.config.rates.signup;
    let limit = Limit { name: "signup", subject: address.subject(), rate };
    app.limiter.require(&limit, now).await?;
    let password_hash = app.passwords.hash(request.password, app.entropy.bytes()).await?;
    let account = NewAccount {
        id: AccountId(app.uuid7()),
        username: request.username.clone(),
        password_hash,
        created_at: now,
    };
    let account_id = account.id;
    let (login, refresh) = new_login(&app, account_id, None);
    let expires_at = login.expires_at;
    let access = Access { account: account_id, login: login.id, device: None };
    app.store.create_account(account, login).await?;
    let tokens = app.issue(access, refresh, expires_at)?;
    Ok((
        StatusCode::CREATED,
        axum::Json(SignupReply { account_id, username: request.username, tokens }),
    ))
}

fn require_welcome(app: &App, token: Option<&str>) -> Result<(), Problem> {
    match app.config.provisioning {
        Provisioning::Open => Ok(()),
        Provisioning::Closed => Err(Code::RegistrationClosed.into()),
        // Hashes are compared, so that the time says nothing of where the texts differ.
        Provisioning::Token => match token {
            Some(token) if hash(token) == hash(&app.config.registration_token) => Ok(()),
            _ => Err(Code::RegistrationTokenInvalid.into()),
        },
    }
}

fn new_login(app: &App, account: AccountId, device: Option<Device>) -> (NewLogin, String) {
    let now = app.now();
    let refresh = new_refresh(&*app.entropy);
    let login = NewLogin {
        id: LoginId(app.uuid7()),
        account,
        device: device.map(|device| device.0),
        refresh: hash(&refresh),
        expires_at: after(now, app.config.limits.refresh_token_seconds),
        created_at: now,
    };
    (login, refresh)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginRequest {
    username: String,
    password: Zeroizing<String>,
    #[serde(default, deserialize_with = "present")]
    device: Option<Object<DeviceText>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceText {
    device_id: Device,
    nonce: Base64Array<16>,
    timestamp: Moment,
    signature: Base64Array<64>,
}

#[derive(Serialize)]
struct LoginReply {
    account_id: AccountId,
    username: String,
    device_id: Option<Device>,
    tokens: Issued,
}

/// `POST auth/login`: logs in; with `device`, as one of the account's devices.
async fn login(
    State(app): State<AppState>,
    address: ClientAddress,
    Json(request): Json<LoginRequest>,
) -> Result<axum::Json<LoginReply>, Problem> {
    require_username(&request.username)?;
    if request.password.is_empty() || request.password.chars().count() > 1024 {
        return Err(malformed("password"));
    }
    let account = check_password(&app, address, &request.username, request.password).await?;
    let device = request.device.map(|device| device.0);
    let proof = match device {
        None => None,
        Some(device) => Some(check_device(&app, account, device).await?),
    };
    let device_id = device.map(|device| device.device_id);
    let (login, refresh) = new_login(&app, account, device_id);
    let expires_at = login.expires_at;
    let access = Access { account, login: login.id, device: login.device };
    app.store.create_login(login, proof).await?;
    let tokens = app.issue(access, refresh, expires_at)?;
    Ok(axum::Json(LoginReply {
        account_id: account,
        username: request.username,
        device_id,
        tokens,
    }))
}

/// The same work and the same answer for an unknown name and a wrong password. Only failures count for the name.
async fn check_password(
    app: &App,
    address: ClientAddress,
    username: &str,
    password: Zeroizing<String>,
) -> Result<AccountId, Problem> {
    let (now, rates) = (app.now(), app.config.rates);
    let by_address =
        Limit { name: "login_address", subject: address.subject(), rate: rates.login_address };
    let by_name =
        Limit { name: "login_username", subject: username.as_bytes(), rate: rates.login_username };
    app.limiter.require(&by_address, now).await?;
    app.limiter.require(&by_name, now).await?;
    let found = app.store.credentials(username).await?;
    let (account, hash) = found.map(|found| (found.account, found.password_hash)).unzip();
    let right = app.passwords.verify(password, hash).await?;
    match account {
        Some(account) if right => {
            app.limiter.give_back(&by_name).await;
            Ok(account)
        }
        _ => Err(Code::BadCredentials.into()),
    }
}

/// Checks that the one who logs in holds the identity key.
async fn check_device(
    app: &App,
    account: AccountId,
    device: DeviceText,
) -> Result<DeviceProof, Problem> {
    let directory = app.store.directory(account).await?.ok_or(Code::DeviceUnknown)?;
    let live = directory.live.iter().find(|live| live.id == device.device_id.0);
    let live = live.ok_or(Code::DeviceUnknown)?;
    require_timely(app, device.timestamp)?;
    let statement = DeviceLogin {
        device: DeviceName {
            account_id: name::AccountId(account.0.into_bytes()),
            device_id: live.id,
            incarnation: name::Incarnation(live.incarnation.0),
        },
        nonce: StatementNonce(device.nonce.0),
        timestamp: UnixMillis(device.timestamp.0),
    };
    let identity = PublicKey::decode(&directory.identity_key, Profile::Compatible)
        .map_err(Problem::internal)?;
    statement
        .verify(&identity, &Signature::from_bytes(device.signature.0))
        .map_err(|_refused| Code::SignatureInvalid)?;
    Ok(DeviceProof {
        device: live.id,
        incarnation: live.incarnation,
        nonce: device.nonce.0,
        forget_at: nonce_forget_at(app, device.timestamp),
    })
}

/// Refuses a statement that is too old, or of the future.
pub(super) fn require_timely(app: &App, timestamp: Moment) -> Result<(), Problem> {
    let now = app.now();
    if now.0.abs_diff(timestamp.0) <= app.config.limits.clock_window_seconds.saturating_mul(1000) {
        Ok(())
    } else {
        Err(Problem::from(Code::TimestampOutOfWindow).with("now", now))
    }
}

/// A statement is timely for one window after its time; its nonce is remembered for a second more.
pub(super) fn nonce_forget_at(app: &App, timestamp: Moment) -> Moment {
    after(timestamp, app.config.limits.clock_window_seconds.saturating_add(1))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefreshRequest {
    refresh_token: Zeroizing<String>,
}

#[derive(Serialize)]
struct TokensReply {
    tokens: Issued,
}

/// `POST auth/refresh`: exchanges a refresh token for its successor.
async fn refresh(
    State(app): State<AppState>,
    Json(request): Json<RefreshRequest>,
) -> Result<axum::Json<TokensReply>, Problem> {
    let presented = request.refresh_token;
    if presented.is_empty() || presented.chars().count() > 256 {
        return Err(malformed("refresh_token"));
    }
    let (now, limits) = (app.now(), app.config.limits);
    let successor = app.tokens.successor(&presented)?;
    let refreshed = app
        .store
        .refresh(Refresh {
            presented: hash(&presented),
            successor: hash(&successor),
            expires_at: after(now, limits.refresh_token_seconds),
            grace_millis: limits.refresh_grace_seconds.saturating_mul(1000),
            now,
        })
        .await?;
    match refreshed {
        Refreshed::Valid { login, expires_at } => {
            let access = Access { account: login.account, login: login.id, device: login.device };
            Ok(axum::Json(TokensReply { tokens: app.issue(access, successor, expires_at)? }))
        }
        Refreshed::Reused(login) => {
            app.end_logins([login]);
            Err(Code::RefreshReused.into())
        }
        Refreshed::Invalid => Err(Code::RefreshInvalid.into()),
    }
}

/// `POST auth/logout`: ends this login.
async fn logout(State(app): State<AppState>, caller: Caller) -> Result<StatusCode, Problem> {
    app.store.revoke_login(caller.login, app.now()).await?;
    app.end_logins([caller.login]);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct Me {
    account_id: AccountId,
    username: String,
    device_id: Option<Device>,
    identity_key: Option<Key>,
    device_list_version: u64,
    created_at: Moment,
}

/// `GET auth/me`: the account of this token.
async fn me(State(app): State<AppState>, caller: Caller) -> Result<axum::Json<Me>, Problem> {
    let account = app.store.account(caller.account).await?.ok_or(Code::Unauthenticated)?;
    Ok(axum::Json(Me {
        account_id: account.id,
        username: account.username,
        device_id: caller.device.map(Device),
        identity_key: account.identity_key.map(Key::new),
        device_list_version: account.device_list_version,
        created_at: account.created_at,
    }))
}

#[derive(Serialize)]
struct NameReply {
    account_id: AccountId,
    username: String,
}

/// `GET users/by-name/{username}`: the account that has exactly this user name.
async fn by_name(
    State(app): State<AppState>,
    _caller: Caller,
    address: ClientAddress,
    Path(username): Path<String>,
) -> Result<axum::Json<NameReply>, Problem> {
    require_username(&username)?;
    let rate = app.config.rates.login_address;
    let limit = Limit { name: "login_address", subject: address.subject(), rate };
    app.limiter.require(&limit, app.now()).await?;
    let found = app.store.credentials(&username).await?.ok_or(Code::AccountUnknown)?;
    Ok(axum::Json(NameReply { account_id: found.account, username }))
}

#[derive(Serialize)]
struct TicketReply {
    ticket: String,
    expires_at: Moment,
}

/// `POST auth/ws-ticket`: a ticket for one WebSocket connection.
async fn ticket(
    State(app): State<AppState>,
    caller: DeviceCaller,
) -> Result<(StatusCode, axum::Json<TicketReply>), Problem> {
    let ticket = new_opaque(&*app.entropy);
    let expires_at = after(app.now(), app.config.limits.ticket_seconds);
    let kept =
        Ticket { hash: hash(&ticket), device: caller.address, login: caller.login, expires_at };
    app.store.put_ticket(kept).await?;
    Ok((StatusCode::CREATED, axum::Json(TicketReply { ticket, expires_at })))
}

#[cfg(test)]
mod tests;
