//! Somebody with an account and devices, who signs everything as it has to be.

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_protocol::{
    device_list::{DeviceEntry, DeviceList, SignedDeviceList},
    ids::{DeviceId, OneTimePrekeyId, RegistrationId, SignedPrekeyId, UnixMillis},
    keys::{IdentityKeyPair, KeyPair},
    name::{AccountId, DeviceName, Incarnation},
    prekeys::SignedPrekey,
    profile::Profile,
    registration::{
        DeviceLogin, PublishedOneTimePrekey, PublishedSignedPrekey, Registration, StatementNonce,
        SuitePrekeys, keys_digest,
    },
    sealed_box,
    suite::SuiteId,
    xeddsa::{Rule, SigningKey},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, TestApp};
use crate::{clock::Clock, ids::Moment};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Somebody, whose device 1 is registered.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) id: String,
    /// Access token of device 1.
    pub(crate) token: String,
    /// Refresh token of device 1.
    pub(crate) refresh: String,
    pub(crate) list: SignedDeviceList,
    pub(crate) identity: IdentityKeyPair,
    rng: ChaCha20Rng,
}

/// Signs up; the answer.
pub(crate) async fn sign_up(test: &TestApp, name: &str) -> Answer {
    test.open("/api/v1/auth/signup", json!({"username": name, "password": PASSWORD})).await
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn shown(moment: Moment) -> Value {
    serde_json::to_value(moment).unwrap()
}

impl Person {
    /// Signs up and registers device 1 with so many one-time prekeys of `signal-v3`, numbered from 1.
    pub(crate) async fn new(test: &TestApp, name: &str, prekeys: u32) -> Self {
        let answer = sign_up(test, name).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
        let id = answer.text("/account_id");
        let seed = *Uuid::parse_str(&id).unwrap().as_bytes();
        let mut rng = ChaCha20Rng::from_seed([seed, seed].concat().try_into().unwrap());
        let identity = IdentityKeyPair::generate(&mut rng);
        let entry = entry(1, 1);
        let now = UnixMillis(test.clock.now().0);
        let list = DeviceList::first(AccountId(seed), entry, now);
        let list = list.sign(&identity, &mut rng).unwrap();
        let (token, refresh) = (String::new(), String::new());
        let mut person = Self { name: name.to_owned(), id, token, refresh, list, identity, rng };
        let request = person.registration(test, 1, prekeys);
        let token = answer.text("/tokens/access_token");
        let answer = test.post("/api/v1/keys/register", &token, request).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
        person.token = answer.text("/tokens/access_token");
        person.refresh = answer.text("/tokens/refresh_token");
        person
    }

    /// Links another device by a login with the password; its access token.
    pub(crate) async fn add_device(&mut self, test: &TestApp, device: u8) -> String {
        let now = UnixMillis(test.clock.now().0);
        let list = self.list.with(entry(device, device), now);
        self.list = list.sign(&self.identity, &mut self.rng).unwrap();
        let login = json!({"username": self.name, "password": PASSWORD});
        let token = test.open("/api/v1/auth/login", login).await.text("/tokens/access_token");
        let request = self.registration(test, device, 2);
        let answer = test.post("/api/v1/keys/register", &token, request).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
        answer.text("/tokens/access_token")
    }

    /// A registration of a device that the list names.
    pub(crate) fn registration(&mut self, test: &TestApp, device: u8, prekeys: u32) -> Value {
        let signed = self.signed_prekey(1);
        let one_time = (1..=prekeys).map(|id| self.one_time_prekey(id)).collect::<Vec<_>>();
        let device_id = DeviceId::new(device).unwrap();
        let entry = self.list.entry(device_id).unwrap().clone();
        let suite = SuitePrekeys {
            suite: SuiteId::SIGNAL_V3,
            signed_prekey: signed,
            one_time_prekeys: one_time,
        };
        let (nonce, now) = (StatementNonce::generate(&mut self.rng), test.clock.now());
        let statement = Registration {
            device: self.device_name(device),
            registration_id: entry.registration_id,
            identity_key: *self.identity.public(),
            keys_digest: keys_digest(std::slice::from_ref(&suite)).unwrap(),
            nonce,
            timestamp: UnixMillis(now.0),
        };
        json!({
            "device_id": device,
            "registration_id": entry.registration_id.0,
            "identity_key": base64(&self.identity.public().to_bytes()),
            "device_list": base64(self.list.as_bytes()),
            "prekeys": [{
                "suite": "signal-v3",
                "signed_prekey": signed_text(&suite.signed_prekey),
                "one_time_prekeys": suite.one_time_prekeys.iter().map(one_time_text).collect::<Vec<_>>(),
            }],
            "nonce": base64(&nonce.0),
            "timestamp": shown(now),
            "signature": base64(statement.sign(&self.identity, &mut self.rng).as_bytes()),
        })
    }

    /// The proof of a login as a device.
    pub(crate) fn device_proof(&mut self, test: &TestApp, device: u8) -> Value {
        let (nonce, now) = (StatementNonce::generate(&mut self.rng), test.clock.now());
        let timestamp = UnixMillis(now.0);
        let statement = DeviceLogin { device: self.device_name(device), nonce, timestamp };
        let signature = statement.sign(&self.identity, &mut self.rng);
        json!({
            "device_id": device,
            "nonce": base64(&nonce.0),
            "timestamp": shown(now),
            "signature": base64(signature.as_bytes()),
        })
    }

    pub(crate) fn signed_prekey(&mut self, id: u32) -> PublishedSignedPrekey {
        let pair = KeyPair::generate(&mut self.rng);
        let signing = SigningKey::new(self.identity.private(), Rule::Libsignal);
        let prekey =
            SignedPrekey::sign(SignedPrekeyId(id), *pair.public(), &signing, &mut self.rng);
        prekey.verify(self.identity.public(), Profile::Strict).unwrap();
        PublishedSignedPrekey { id: prekey.id, public: prekey.public, signature: prekey.signature }
    }

    pub(crate) fn one_time_prekey(&mut self, id: u32) -> PublishedOneTimePrekey {
        let public = *KeyPair::generate(&mut self.rng).public();
        PublishedOneTimePrekey { id: OneTimePrekeyId(id), public, signature: None }
    }

    /// So many one-time prekeys from an id on, as an upload has them.
    pub(crate) fn one_time_texts(&mut self, ids: std::ops::RangeInclusive<u32>) -> Vec<Value> {
        ids.map(|id| one_time_text(&self.one_time_prekey(id))).collect()
    }

    /// A row of `recipients`, with an envelope of some bytes for each of these devices.
    pub(crate) fn recipient(&self, devices: &[u8], content: &[u8]) -> Value {
        let envelopes: Vec<Value> = devices
            .iter()
            .map(|device| {
                json!({
                    "device_id": device,
                    "incarnation": base64(&self.device_name(*device).incarnation.0),
                    "suite": "signal-v3",
                    "kind": "message",
                    "content": base64(content),
                })
            })
            .collect();
        json!({
            "account_id": self.id,
            "device_list_version": self.list.version.0,
            "envelopes": envelopes,
        })
    }

    /// Sends one message for device 1 of another.
    pub(crate) async fn send(
        &self,
        test: &TestApp,
        to: &Self,
        message: Uuid,
        content: &[u8],
    ) -> Answer {
        let body = json!({
            "message_id": message,
            "recipients": [to.recipient(&[1], content)],
        });
        test.post("/api/v1/messages", &self.token, body).await
    }

    fn device_name(&self, device: u8) -> DeviceName {
        let entry = self.list.entry(DeviceId::new(device).unwrap()).unwrap();
        self.list.name(entry)
    }
}

fn entry(device: u8, incarnation: u8) -> DeviceEntry {
    let box_private = [device; 32];
    DeviceEntry {
        device_id: DeviceId::new(device).unwrap(),
        incarnation: Incarnation([incarnation; 16]),
        registration_id: RegistrationId(u32::from(device)),
        box_key: sealed_box::BoxPublicKey::from_bytes(box_private),
        suites: vec![SuiteId::BOX_XCHACHA20, SuiteId::SIGNAL_V3],
    }
}

pub(crate) fn signed_text(prekey: &PublishedSignedPrekey) -> Value {
    json!({
        "id": prekey.id.0,
        "public": base64(&prekey.public.to_bytes()),
        "signature": base64(prekey.signature.as_bytes()),
    })
}

pub(crate) fn one_time_text(prekey: &PublishedOneTimePrekey) -> Value {
    json!({"id": prekey.id.0, "public": base64(&prekey.public.to_bytes())})
}
