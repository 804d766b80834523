//! Prekeys that a device of the judge's publishes. Every field may be changed before it is sent.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_vectors::naive::{
    bugs::Bugs,
    keys::KeyPair,
    native,
    xeddsa::{self, Rule},
};
use serde_json::{Value, json};

use super::{draw::Draw, list};

/// A suite with prekeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suite {
    /// `signal-v3`.
    SignalV3,
    /// `ratchet-chacha20`.
    RatchetChacha20,
}

impl Suite {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignalV3 => "signal-v3",
            Self::RatchetChacha20 => "ratchet-chacha20",
        }
    }

    /// Its registered id.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::SignalV3 => list::SIGNAL_V3,
            Self::RatchetChacha20 => list::RATCHET_CHACHA20,
        }
    }

    /// What a signed prekey's signature covers.
    #[must_use]
    pub fn signed_message(self, id: u32, public: &[u8; 33]) -> Vec<u8> {
        match self {
            Self::SignalV3 => public.to_vec(),
            Self::RatchetChacha20 => native::signed_prekey_message(id, public, Bugs::NONE),
        }
    }
}

/// A signed prekey as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPrekey {
    /// 1 to 16777215, rising.
    pub id: u32,
    /// 33 bytes.
    pub public: Vec<u8>,
    /// 64 bytes.
    pub signature: Vec<u8>,
}

impl SignedPrekey {
    /// A fresh one.
    #[must_use]
    pub fn fresh(suite: Suite, id: u32, identity: &KeyPair, draw: &mut Draw) -> Self {
        let public = fresh_public(draw);
        let message = suite.signed_message(id, &public);
        let rule = match suite {
            Suite::SignalV3 => Rule::Libsignal,
            Suite::RatchetChacha20 => Rule::Paper,
        };
        let signature = xeddsa::sign(&identity.private, &message, &draw.bytes(), rule, Bugs::NONE);
        Self { id, public: public.to_vec(), signature: signature.to_vec() }
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({"id": self.id, "public": STANDARD.encode(&self.public), "signature": STANDARD.encode(&self.signature)})
    }
}

/// A one-time prekey as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimePrekey {
    /// 1 to 16777215, rising, never used again.
    pub id: u32,
    /// 33 bytes.
    pub public: Vec<u8>,
    /// 64 bytes in `ratchet-chacha20`, none in `signal-v3`.
    pub signature: Option<Vec<u8>>,
}

impl OneTimePrekey {
    /// A fresh one.
    #[must_use]
    pub fn fresh(suite: Suite, id: u32, identity: &KeyPair, draw: &mut Draw) -> Self {
        let public = fresh_public(draw);
        let signature = (suite == Suite::RatchetChacha20).then(|| {
            let message = native::one_time_prekey_message(id, &public, Bugs::NONE);
            xeddsa::sign(&identity.private, &message, &draw.bytes(), Rule::Paper, Bugs::NONE)
                .to_vec()
        });
        Self { id, public: public.to_vec(), signature }
    }

    /// Fresh ones with consecutive ids.
    #[must_use]
    pub fn several(
        suite: Suite,
        ids: impl IntoIterator<Item = u32>,
        identity: &KeyPair,
        draw: &mut Draw,
    ) -> Vec<Self> {
        ids.into_iter().map(|id| Self::fresh(suite, id, identity, draw)).collect()
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut json = json!({"id": self.id, "public": STANDARD.encode(&self.public)});
        if let (Some(signature), Some(members)) = (&self.signature, json.as_object_mut()) {
            members.insert("signature".into(), json!(STANDARD.encode(signature)));
        }
        json
    }
}

/// What a device publishes in one suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteKeys {
    /// The suite.
    pub suite: Suite,
    /// The signed prekey.
    pub signed: SignedPrekey,
    /// The one-time prekeys.
    pub one_time: Vec<OneTimePrekey>,
}

impl SuiteKeys {
    /// Fresh keys: signed prekey 1, one-time prekeys 1 to `count`.
    #[must_use]
    pub fn fresh(suite: Suite, count: u32, identity: &KeyPair, draw: &mut Draw) -> Self {
        Self {
            suite,
            signed: SignedPrekey::fresh(suite, 1, identity, draw),
            one_time: OneTimePrekey::several(suite, 1..=count, identity, draw),
        }
    }

    /// As JSON, as `keys/register` and `PUT keys/prekeys` take it.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({"suite": self.suite.name(), "signed_prekey": self.signed.json(), "one_time_prekeys": many(&self.one_time)})
    }
}

/// One-time prekeys as a JSON array.
#[must_use]
pub fn many(prekeys: &[OneTimePrekey]) -> Vec<Value> {
    prekeys.iter().map(OneTimePrekey::json).collect()
}

/// The body of `POST keys/prekeys`.
#[must_use]
pub fn upload(suite: Suite, prekeys: &[OneTimePrekey]) -> Value {
    json!({"suite": suite.name(), "one_time_prekeys": many(prekeys)})
}

/// The body of `POST keys/rotate`.
#[must_use]
pub fn rotation(suite: Suite, signed: &SignedPrekey) -> Value {
    json!({"suite": suite.name(), "signed_prekey": signed.json()})
}

fn fresh_public(draw: &mut Draw) -> [u8; 33] {
    KeyPair::new(draw.bytes(), Bugs::NONE).public
}
