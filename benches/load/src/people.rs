//! Accounts with one device each, made over the wire API.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use countersign_protocol::{
    device_list::{DeviceEntry, DeviceList},
    ids::{DeviceId, RegistrationId, SignedPrekeyId, UnixMillis},
    keys::{IdentityKeyPair, KeyPair},
    name::{AccountId, DeviceName, Incarnation},
    prekeys::SignedPrekey,
    registration::{
        PublishedSignedPrekey, Registration, StatementNonce, SuitePrekeys, keys_digest,
    },
    sealed_box::BoxPrivateKey,
    suite::SuiteId,
    xeddsa::{Rule, SigningKey},
};
use rand::Rng as _;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

use crate::connection::Connection;

/// An account with its one device, on a connection of its own.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) account: String,
    pub(crate) list_version: u64,
    pub(crate) incarnation: String,
    pub(crate) token: String,
    pub(crate) connection: Connection,
    /// The highest one-time prekey id so far.
    pub(crate) prekey: u32,
}

impl Person {
    /// Signs up and registers a device without one-time prekeys.
    pub(crate) async fn new(to: SocketAddr) -> Result<Self> {
        let mut connection = Connection::open(to, None).await?;
        let name = format!("u{}", &uuid::Uuid::now_v7().simple().to_string()[8..]);
        let body = json!({"username": name, "password": "correct horse battery"});
        let signup = connection.post("/api/v1/auth/signup", body.to_string()).await?.served()?;
        let account = text(&signup, "/account_id")?;
        connection.authorize(&text(&signup, "/tokens/access_token")?);
        let (body, incarnation) = registration(&account)?;
        let done = connection.post("/api/v1/keys/register", body.to_string()).await?.served()?;
        let token = text(&done, "/tokens/access_token")?;
        connection.authorize(&token);
        let list_version =
            done.get("device_list_version").and_then(Value::as_u64).context("no version")?;
        let incarnation = BASE64.encode(incarnation);
        Ok(Self { account, list_version, incarnation, token, connection, prekey: 0 })
    }

    /// The body of an upload of so many one-time prekeys.
    pub(crate) fn upload(&mut self, count: u32) -> String {
        let mut public = [5; 33];
        let prekeys: Vec<Value> = (1..=count)
            .map(|nth| {
                rand::rng().fill_bytes(&mut public);
                public = u_coordinate(public);
                json!({"id": self.prekey + nth, "public": BASE64.encode(public)})
            })
            .collect();
        self.prekey += count;
        json!({"suite": "signal-v3", "one_time_prekeys": prekeys}).to_string()
    }

    /// The body of a message for this person.
    pub(crate) fn message(&self, content: &[u8]) -> String {
        let envelope = json!({
            "device_id": 1, "incarnation": self.incarnation, "suite": "signal-v3",
            "kind": "message", "content": BASE64.encode(content),
        });
        let recipient = json!({
            "account_id": self.account, "device_list_version": self.list_version,
            "envelopes": [envelope],
        });
        json!({"message_id": uuid::Uuid::now_v7(), "recipients": [recipient]}).to_string()
    }
}

/// So many people, made side by side.
pub(crate) async fn people(to: SocketAddr, count: usize) -> Result<Vec<Person>> {
    let mut people = Vec::with_capacity(count);
    while people.len() < count {
        let wave = (count - people.len()).min(64);
        let tasks: Vec<_> = (0..wave).map(|_| tokio::spawn(Person::new(to))).collect();
        for task in tasks {
            people.push(task.await??);
        }
    }
    Ok(people)
}

fn registration(account: &str) -> Result<(Value, [u8; 16])> {
    let mut rng = rand::rng();
    let identity = IdentityKeyPair::generate(&mut rng);
    let account_id = AccountId(*uuid::Uuid::parse_str(account)?.as_bytes());
    let mut incarnation = [0; 16];
    rng.fill_bytes(&mut incarnation);
    let device_id = DeviceId::new(1).context("1 is a device id")?;
    let now = OffsetDateTime::now_utc();
    let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000)?;
    let entry = DeviceEntry {
        device_id,
        incarnation: Incarnation(incarnation),
        registration_id: RegistrationId(1),
        box_key: BoxPrivateKey::generate(&mut rng).public_key(),
        suites: vec![SuiteId::SIGNAL_V3],
    };
    let list = DeviceList::first(account_id, entry, UnixMillis(millis));
    let list = list.sign(&identity, &mut rng).map_err(refused)?;
    let key = SigningKey::new(identity.private(), Rule::Libsignal);
    let signed = SignedPrekey::sign(
        SignedPrekeyId(1),
        *KeyPair::generate(&mut rng).public(),
        &key,
        &mut rng,
    );
    let prekeys = SuitePrekeys {
        suite: SuiteId::SIGNAL_V3,
        signed_prekey: PublishedSignedPrekey {
            id: signed.id,
            public: signed.public,
            signature: signed.signature,
        },
        one_time_prekeys: Vec::new(),
    };
    let statement = Registration {
        device: DeviceName { account_id, device_id, incarnation: Incarnation(incarnation) },
        registration_id: RegistrationId(1),
        identity_key: *identity.public(),
        keys_digest: keys_digest(&[prekeys]).map_err(refused)?,
        nonce: StatementNonce::generate(&mut rng),
        timestamp: UnixMillis(millis),
    };
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let body = json!({
        "device_id": 1, "registration_id": 1,
        "identity_key": BASE64.encode(identity.public().to_bytes()),
        "device_list": BASE64.encode(list.as_bytes()),
        "prekeys": [{"suite": "signal-v3", "one_time_prekeys": [], "signed_prekey": {
            "id": 1, "public": BASE64.encode(signed.public.to_bytes()),
            "signature": BASE64.encode(signed.signature.as_bytes()),
        }}],
        "nonce": BASE64.encode(statement.nonce.0),
        "timestamp": now.format(&format)?,
        "signature": BASE64.encode(statement.sign(&identity, &mut rng).as_bytes()),
    });
    Ok((body, incarnation))
}

/// A public key without anybody's private key: nobody answers in a load.
const fn u_coordinate(mut random: [u8; 33]) -> [u8; 33] {
    let [kind, .., top] = &mut random;
    *kind = 5;
    *top &= 0x7f;
    random
}

fn refused(problem: countersign_protocol::problem::Problem) -> anyhow::Error {
    anyhow::anyhow!("the protocol refuses it: {problem:?}")
}

pub(crate) fn text(value: &Value, pointer: &str) -> Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text.with_context(|| format!("no {pointer} in {value}"))?.to_owned())
}
