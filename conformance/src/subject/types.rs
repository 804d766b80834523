//! The values of the line protocol as Rust types.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::stop;
use crate::case::{CallError, Trouble};

/// What a subject says of itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol version it chose.
    pub protocol: u32,
    /// Who it is.
    pub implementation: Implementation,
    /// Always `library` in this version.
    pub roles: Vec<String>,
    /// What it claims, for instance `signal-v3/1`.
    pub capabilities: Vec<String>,
}

/// The name plate of a subject.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Implementation {
    /// The library's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The language it is written in.
    pub language: String,
    /// Where it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
}

/// A pairwise suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// `signal-v3`.
    SignalV3,
    /// `ratchet-chacha20`.
    RatchetChacha20,
}

impl Suite {
    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignalV3 => "signal-v3",
            Self::RatchetChacha20 => "ratchet-chacha20",
        }
    }
}

/// How strict a party is about encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As existing libraries behave.
    Compatible,
    /// As this specification recommends.
    Strict,
}

impl Profile {
    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Strict => "strict",
        }
    }
}

/// Everything that `party.create` takes.
#[derive(Clone, Debug)]
pub struct PartySpec {
    /// The suite of all its sessions.
    pub suite: Suite,
    /// Its decoding profile.
    pub profile: Profile,
    /// A UUID as text.
    pub name: String,
    /// 1 to 127.
    pub device_id: u32,
    /// The registration id that its prekey messages carry.
    pub registration_id: u32,
    /// The identity key's private half.
    pub identity_private: [u8; 32],
    /// The device's incarnation, used by `ratchet-chacha20`.
    pub incarnation: [u8; 16],
    /// Whether the suite policy lets X3DH make new sessions.
    pub accept_x3dh: bool,
}

/// A device's address as others write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// A UUID as text.
    pub name: String,
    /// 1 to 127.
    pub device_id: u32,
    /// Present in suite `ratchet-chacha20`, absent in `signal-v3`.
    pub incarnation: Option<[u8; 16]>,
}

impl Peer {
    pub(crate) fn json(&self) -> Value {
        let mut value = self.sender_json();
        if let (Some(incarnation), Some(object)) = (self.incarnation, value.as_object_mut()) {
            object.insert("incarnation".into(), hex::encode(incarnation).into());
        }
        value
    }

    pub(crate) fn sender_json(&self) -> Value {
        json!({"name": self.name, "device_id": self.device_id})
    }
}

/// A signed prekey as a bundle carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPrekey {
    /// Its id.
    pub id: u32,
    /// 33 bytes, type byte first.
    pub public: Vec<u8>,
    /// 64 bytes.
    pub signature: Vec<u8>,
}

/// A one-time prekey as a bundle carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimePrekey {
    /// Its id.
    pub id: u32,
    /// 33 bytes, type byte first.
    pub public: Vec<u8>,
    /// 64 bytes in `ratchet-chacha20`, absent in `signal-v3`.
    pub signature: Option<Vec<u8>>,
}

/// What a claim gives: the keys to begin a session with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The device's registration id.
    pub registration_id: u32,
    /// The device's id.
    pub device_id: u32,
    /// 33 bytes, type byte first.
    pub identity_key: Vec<u8>,
    /// Always there.
    pub signed_prekey: SignedPrekey,
    /// Absent when they are used up.
    pub one_time_prekey: Option<OneTimePrekey>,
    /// The account's name, in `ratchet-chacha20`.
    pub name: Option<String>,
    /// The device's incarnation, in `ratchet-chacha20`.
    pub incarnation: Option<[u8; 16]>,
}

impl Bundle {
    pub(crate) fn json(&self) -> Value {
        let one_time = self.one_time_prekey.as_ref().map(
            |key| json!({"id": key.id, "public": hex::encode(&key.public), "signature": key.signature.as_ref().map(hex::encode)}),
        );
        let signed = &self.signed_prekey;
        let mut value = json!({
            "registration_id": self.registration_id,
            "device_id": self.device_id,
            "identity_key": hex::encode(&self.identity_key),
            "signed_prekey": {"id": signed.id, "public": hex::encode(&signed.public), "signature": hex::encode(&signed.signature)},
            "one_time_prekey": one_time,
        });
        if let (Some(name), Some(object)) = (&self.name, value.as_object_mut()) {
            object.insert("name".into(), name.clone().into());
            object.insert("incarnation".into(), self.incarnation.map(hex::encode).into());
        }
        value
    }

    pub(crate) fn read(value: &Value) -> Result<Self, CallError> {
        let signed = field(value, "signed_prekey")?;
        let one_time = value.get("one_time_prekey").filter(|key| !key.is_null()).map(|key| {
            let signature = key.get("signature").filter(|signature| !signature.is_null());
            let signature = signature.map(|_| bytes(key, "signature")).transpose()?;
            Ok::<_, CallError>(OneTimePrekey {
                id: number(key, "id")?,
                public: bytes(key, "public")?,
                signature,
            })
        });
        let incarnation = value.get("incarnation").filter(|value| !value.is_null());
        Ok(Self {
            registration_id: number(value, "registration_id")?,
            device_id: number(value, "device_id")?,
            identity_key: bytes(value, "identity_key")?,
            signed_prekey: SignedPrekey {
                id: number(signed, "id")?,
                public: bytes(signed, "public")?,
                signature: bytes(signed, "signature")?,
            },
            one_time_prekey: one_time.transpose()?,
            name: value.get("name").and_then(Value::as_str).map(str::to_owned),
            incarnation: incarnation.map(|_| array(value, "incarnation")).transpose()?,
        })
    }
}

/// A ciphertext with the type that chooses its decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// 2 is a ratchet message, 3 a prekey (handshake) message.
    pub kind: u8,
    /// The bytes on the wire.
    pub bytes: Vec<u8>,
}

/// A message of a long run that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which encryption of the run it was, from 0.
    pub index: u32,
    /// The message.
    pub message: Message,
}

/// The two kinds of prekeys that can be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrekeyKind {
    /// `signed`.
    Signed,
    /// `one_time`.
    OneTime,
}

/// How long the judge waits for an operation, before `--timeout-scale`.
pub(crate) fn timeout_of(op: &str) -> Duration {
    let seconds = match op {
        "hello" => 10,
        "session.encrypt_many" | "group.encrypt_many" | "fingerprint.compute" => 60,
        "session.decrypt" | "group.decrypt" | "session.import" | "session.export" => 15,
        _ => 5,
    };
    Duration::from_secs(seconds)
}

pub(crate) fn field<'a>(value: &'a Value, key: &str) -> Result<&'a Value, CallError> {
    value
        .get(key)
        .ok_or_else(|| stop(Trouble::Judge(format!("the schema let a reply without {key} pass"))))
}

pub(crate) fn bytes(value: &Value, key: &str) -> Result<Vec<u8>, CallError> {
    let text = field(value, key)?.as_str().unwrap_or_default();
    hex::decode(text).map_err(|error| stop(Trouble::Judge(format!("{key}: {error}"))))
}

pub(crate) fn array<const N: usize>(value: &Value, key: &str) -> Result<[u8; N], CallError> {
    let bytes = bytes(value, key)?;
    bytes.try_into().map_err(|_| {
        stop(Trouble::Judge(format!("the schema let {key} of another length than {N} pass")))
    })
}

pub(crate) fn number<T: TryFrom<u64>>(value: &Value, key: &str) -> Result<T, CallError> {
    let number = field(value, key)?.as_u64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| stop(Trouble::Judge(format!("the schema let a {key} out of range pass"))))
}
