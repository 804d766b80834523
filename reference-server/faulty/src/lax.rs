//! What the honest handlers do, without the checks that they make before they ask the store.

use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_protocol::device_list::SignedDeviceList;
use countersign_server::{
    auth::token::{Access, hash, new_refresh},
    ids::{AccountId, DeviceAddress, DeviceId, Incarnation, LoginId, Suite},
    problem::Problem,
    store::{
        accounts::{DeviceProof, NewLogin, Registration},
        keys::{OneTimePrekey, PrekeyUpload, SignedPrekey, SuiteKeys},
    },
    wire::Device,
};
use rusqlite::params;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    lists::force,
    server::{Call, Server},
};

/// How long nonces of unchecked statements are remembered, and refresh tokens are good.
const LONG_MILLIS: u64 = 86_400_000;

/// A member of any type.
pub(crate) fn member<T: DeserializeOwned>(json: &Value, name: &str) -> Option<T> {
    serde_json::from_value(json.get(name)?.clone()).ok()
}

/// A member that is base64.
pub(crate) fn bytes(json: &Value, name: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(json.get(name)?.as_str()?).ok()
}

fn array<const N: usize>(json: &Value, name: &str) -> Option<[u8; N]> {
    bytes(json, name)?.try_into().ok()
}

/// A device id.
pub(crate) fn device_id(json: &Value, name: &str) -> Option<DeviceId> {
    member::<Device>(json, name).map(|device| device.0)
}

/// A signed prekey, whatever its signature.
pub(crate) fn signed_prekey(json: &Value) -> Option<SignedPrekey> {
    Some(SignedPrekey {
        id: member(json, "id")?,
        public: array(json, "public")?,
        signature: array(json, "signature")?,
    })
}

/// One-time prekeys, whatever their ids and signatures.
pub(crate) fn one_time_prekeys(json: &Value) -> Option<Vec<OneTimePrekey>> {
    let read = |json: &Value| {
        let (id, public) = (member(json, "id")?, array(json, "public")?);
        Some(OneTimePrekey { id, public, signature: array(json, "signature") })
    };
    json.get("one_time_prekeys")?.as_array()?.iter().map(read).collect()
}

/// The prekeys of a registration.
pub(crate) fn suite_keys(json: &Value) -> Option<Vec<SuiteKeys>> {
    let read = |json: &Value| {
        let signed = signed_prekey(json.get("signed_prekey")?)?;
        Some(SuiteKeys { suite: member(json, "suite")?, signed, one_time: one_time_prekeys(json)? })
    };
    json.get("prekeys")?.as_array()?.iter().map(read).collect()
}

/// `keys/register`: only the list's own signature and what the store checks. `None` for what cannot be read.
pub(crate) async fn register(server: &Server, call: &Call) -> Option<Answer> {
    let access = server.access(call)?;
    let json = call.json();
    let list = SignedDeviceList::decode_and_verify(&bytes(&json, "device_list")?).ok()?;
    let device = device_id(&json, "device_id")?;
    let (now, refresh) = (server.app.now(), new_refresh(&*server.app.entropy));
    let registration = Registration {
        device: DeviceAddress { account: access.account, device },
        login: access.login,
        refresh: hash(&refresh),
        refresh_expires_at: now.plus_millis(LONG_MILLIS),
        incarnation: Incarnation(list.entry(device)?.incarnation.0),
        registration_id: member(&json, "registration_id")?,
        identity_key: array(&json, "identity_key")?,
        prekeys: suite_keys(&json)?,
        nonce: array(&json, "nonce")?,
        nonce_forget_at: now.plus_millis(LONG_MILLIS),
        now,
        list,
    };
    Some(take(server, registration, refresh).await.into())
}

/// Puts a registration into the store, and answers as the honest handler.
pub(crate) async fn take(
    server: &Server,
    registration: Registration,
    refresh: String,
) -> Result<Answer, Problem> {
    let (address, login) = (registration.device, registration.login);
    let (version, end) = (registration.list.version.0, registration.refresh_expires_at);
    let ended = server.app.store.register_device(registration).await?;
    server.app.end_logins(ended);
    server.app.logins.forget(login);
    let access = Access { account: address.account, login, device: Some(address.device) };
    let tokens = server.app.issue(access, refresh, end)?;
    let device_id = address.device.number();
    Ok(Answer::json_of(
        201,
        json!({"device_id": device_id, "device_list_version": version, "tokens": tokens}),
    ))
}

/// `auth/login` as a device, whose proof nobody looks at.
pub(crate) async fn login(server: &Server, call: &Call) -> Option<Answer> {
    let json = call.json();
    let username: String = member(&json, "username")?;
    let account = server.app.store.credentials(&username).await.ok()??.account;
    let proof = json.get("device")?;
    let device = device_id(proof, "device_id")?;
    let directory = server.app.store.directory(account).await.ok()??;
    let live = directory.live.iter().find(|live| live.id == device)?;
    let now = server.app.now();
    let proof = DeviceProof {
        device,
        incarnation: live.incarnation,
        nonce: array(proof, "nonce")?,
        forget_at: now.plus_millis(LONG_MILLIS),
    };
    Some(new_login(server, account, username, Some(proof)).await.into())
}

async fn new_login(
    server: &Server,
    account: AccountId,
    username: String,
    proof: Option<DeviceProof>,
) -> Result<Answer, Problem> {
    let (now, refresh) = (server.app.now(), new_refresh(&*server.app.entropy));
    let device = proof.map(|proof| proof.device);
    let login = NewLogin {
        id: LoginId(server.app.uuid7()),
        account,
        device,
        refresh: hash(&refresh),
        expires_at: now.plus_millis(LONG_MILLIS),
        created_at: now,
    };
    let access = Access { account, login: login.id, device };
    server.app.store.create_login(login, proof).await?;
    let tokens = server.app.issue(access, refresh, now.plus_millis(LONG_MILLIS))?;
    let device_id = device.map(DeviceId::number);
    Ok(Answer::json_of(
        200,
        json!({"account_id": account, "username": username, "device_id": device_id, "tokens": tokens}),
    ))
}

/// `keys/rotate`, whatever the signature and the id.
pub(crate) async fn rotate(server: &Server, call: &Call) -> Option<Answer> {
    let address = caller(server, call)?;
    let json = call.json();
    let suite: Suite = member(&json, "suite")?;
    let prekey = signed_prekey(json.get("signed_prekey")?)?;
    let (id, now) = (prekey.id, server.app.now());
    let next = now.plus_millis(server.app.config.limits.rotation_seconds.saturating_mul(1000));
    let done = server.app.store.rotate_signed_prekey(address, suite, prekey, now).await;
    let reply = json!({"suite": suite, "id": id, "next_rotation_at": next});
    Some(done.map(|()| Answer::json_of(200, reply)).into())
}

/// `POST` and `PUT keys/prekeys`, whatever the signatures and ids.
pub(crate) async fn upload(server: &Server, call: &Call) -> Option<Answer> {
    let device = caller(server, call)?;
    let json = call.json();
    let suite: Suite = member(&json, "suite")?;
    let upload = PrekeyUpload {
        device,
        suite,
        one_time: one_time_prekeys(&json)?,
        refused: Vec::new(),
        replace: json.get("signed_prekey").and_then(signed_prekey),
        now: server.app.now(),
    };
    let done = server.app.store.add_prekeys(upload).await;
    Some(
        done.map(|it| {
            let (accepted, known) = (it.accepted, it.already_present);
            let body = json!({"suite": suite, "accepted": accepted, "already_present": known, "rejected": []});
            Answer::json_of(200, body)
        })
        .into(),
    )
}

/// The device that asks.
pub(crate) fn caller(server: &Server, call: &Call) -> Option<DeviceAddress> {
    let access = server.access(call)?;
    Some(DeviceAddress { account: access.account, device: access.device? })
}

/// `keys/register` with the list put in place by force, whatever the one before said.
pub(crate) async fn register_by_force(server: &Server, call: &Call) -> Option<Answer> {
    let access = server.access(call)?;
    let (json, now) = (call.json(), server.app.now());
    let device = device_id(&json, "device_id")?;
    let list = bytes(&json, "device_list")?;
    let identity_key = bytes(&json, "identity_key")?;
    let version = force(&server.db, access.account, &list, now).ok()??;
    let address = DeviceAddress { account: access.account, device };
    server
        .db
        .run(
            "UPDATE accounts SET identity_key = ? WHERE id = ?",
            params![identity_key, access.account],
        )
        .ok()?;
    server
        .db
        .run("UPDATE logins SET device_id = ? WHERE id = ?", params![device.number(), access.login])
        .ok()?;
    server.app.logins.forget(access.login);
    for keys in json.get("prekeys")?.as_array()? {
        let (suite, one_time) = (member(keys, "suite")?, one_time_prekeys(keys)?);
        let replace = Some(signed_prekey(keys.get("signed_prekey")?)?);
        let upload =
            PrekeyUpload { device: address, suite, one_time, refused: Vec::new(), replace, now };
        server.app.store.add_prekeys(upload).await.ok();
    }
    let access = Access { device: Some(device), ..access };
    let tokens = server
        .app
        .issue(access, new_refresh(&*server.app.entropy), now.plus_millis(LONG_MILLIS))
        .ok()?;
    let device_id = device.number();
    Some(Answer::json_of(
        201,
        json!({"device_id": device_id, "device_list_version": version, "tokens": tokens}),
    ))
}
