//! A party of the subject: one device with its identity, prekeys, sessions and sender keys.

use std::cell::Cell;

use serde_json::{Value, json};

use super::{
    Subject,
    types::{
        Bundle, Kept, Message, OneTimePrekey, PartySpec, Peer, PrekeyKind, SignedPrekey, Suite,
        array, bytes, field, number,
    },
};
use crate::case::CallError;

/// The clock every party starts with: 2023-11-14T22:13:20Z in milliseconds.
pub const NOW_MS: u64 = 1_700_000_000_000;

/// A party inside the subject. Every method is one operation of the line protocol.
#[derive(Debug)]
pub struct Party {
    subject: Subject,
    handle: u64,
    /// What it was made of.
    pub spec: PartySpec,
    /// 33 bytes, as the subject computed it.
    pub identity_public: [u8; 33],
    now_ms: Cell<u64>,
}

impl Party {
    /// `party.create`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn create(subject: &Subject, spec: PartySpec) -> Result<Self, CallError> {
        let args = json!({
            "suite": spec.suite.name(), "profile": spec.profile.name(), "name": spec.name, "device_id": spec.device_id,
            "registration_id": spec.registration_id, "identity_private": hex::encode(spec.identity_private),
            "incarnation": hex::encode(spec.incarnation), "accept_x3dh": spec.accept_x3dh,
        });
        let reply = subject.call("party.create", args)?;
        let handle = number(&reply, "party")?;
        subject.made_party(handle);
        let identity_public = array(&reply, "identity_public")?;
        Ok(Self {
            subject: subject.clone(),
            handle,
            spec,
            identity_public,
            now_ms: Cell::new(NOW_MS),
        })
    }

    /// This party's address as its peers write it.
    #[must_use]
    pub fn peer(&self) -> Peer {
        let incarnation =
            (self.spec.suite == Suite::RatchetChacha20).then_some(self.spec.incarnation);
        Peer { name: self.spec.name.clone(), device_id: self.spec.device_id, incarnation }
    }

    /// Whether the subject declares a capability.
    #[must_use]
    pub fn has(&self, capability: &str) -> bool {
        self.subject.has(capability)
    }

    /// Sets the clock that is sent along with every session operation from here on, in milliseconds since 1970.
    pub fn set_now_ms(&self, now_ms: u64) {
        self.now_ms.set(now_ms);
    }

    /// Gives the next operation of the subject its random bytes. Needs `rng.inject`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn load_rng(&self, bytes: &[u8]) -> Result<(), CallError> {
        self.subject.call("rng.load", json!({"bytes": hex::encode(bytes)})).map(drop)
    }

    /// `party.clone`: a deep copy, to try something without keeping it. Needs `state.fork`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn fork(&self) -> Result<Self, CallError> {
        let reply = self.call("party.clone", json!({}))?;
        let handle = number(&reply, "party")?;
        self.subject.made_party(handle);
        let now_ms = self.now_ms.clone();
        Ok(Self {
            subject: self.subject.clone(),
            handle,
            spec: self.spec.clone(),
            identity_public: self.identity_public,
            now_ms,
        })
    }

    /// `party.add_signed_prekey`: with no signature given, the party signs the key itself.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn add_signed_prekey(
        &self,
        id: u32,
        private: &[u8; 32],
        timestamp_ms: u64,
        signature: Option<&[u8]>,
    ) -> Result<SignedPrekey, CallError> {
        let mut args =
            json!({"id": id, "private": hex::encode(private), "timestamp_ms": timestamp_ms});
        set_signature(&mut args, signature);
        let reply = self.call("party.add_signed_prekey", args)?;
        Ok(SignedPrekey {
            id,
            public: bytes(&reply, "public")?,
            signature: bytes(&reply, "signature")?,
        })
    }

    /// `party.add_one_time_prekey`: in `ratchet-chacha20`, with no signature given, the party signs the key itself.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn add_one_time_prekey(
        &self,
        id: u32,
        private: &[u8; 32],
        signature: Option<&[u8]>,
    ) -> Result<OneTimePrekey, CallError> {
        let mut args = json!({"id": id, "private": hex::encode(private)});
        set_signature(&mut args, signature);
        let reply = self.call("party.add_one_time_prekey", args)?;
        let signature = field(&reply, "signature")?
            .is_string()
            .then(|| bytes(&reply, "signature"))
            .transpose()?;
        Ok(OneTimePrekey { id, public: bytes(&reply, "public")?, signature })
    }

    /// `party.remove_prekey`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn remove_prekey(&self, kind: PrekeyKind, id: u32) -> Result<(), CallError> {
        let kind = if kind == PrekeyKind::Signed { "signed" } else { "one_time" };
        self.call("party.remove_prekey", json!({"kind": kind, "id": id})).map(drop)
    }

    /// `party.prekeys`: the ids it holds, signed and one-time, ascending.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn prekeys(&self) -> Result<(Vec<u32>, Vec<u32>), CallError> {
        let reply = self.call("party.prekeys", json!({}))?;
        let ids = |key: &str| {
            let values = reply.get(key).and_then(Value::as_array).into_iter().flatten();
            values.filter_map(|id| id.as_u64().and_then(|id| u32::try_from(id).ok())).collect()
        };
        Ok((ids("signed"), ids("one_time")))
    }

    /// `party.bundle`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn bundle(
        &self,
        signed_prekey_id: u32,
        one_time_prekey_id: Option<u32>,
    ) -> Result<Bundle, CallError> {
        let args =
            json!({"signed_prekey_id": signed_prekey_id, "one_time_prekey_id": one_time_prekey_id});
        let reply = self.call("party.bundle", args)?;
        Bundle::read(field(&reply, "bundle")?)
    }

    /// `party.trust`: this address now has this identity.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn trust(&self, peer: &Peer, identity_key: &[u8; 33]) -> Result<(), CallError> {
        self.call(
            "party.trust",
            json!({"peer": peer.json(), "identity_key": hex::encode(identity_key)}),
        )
        .map(drop)
    }

    /// `party.fingerprint`: a hash over all of its state. Needs `state.fingerprint`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn fingerprint(&self) -> Result<[u8; 32], CallError> {
        array(&self.call("party.fingerprint", json!({}))?, "hash")
    }

    /// `session.initiate`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn initiate(&self, peer: &Peer, bundle: &Bundle) -> Result<(), CallError> {
        let args =
            json!({"peer": peer.json(), "bundle": bundle.json(), "now_ms": self.now_ms.get()});
        self.call("session.initiate", args).map(drop)
    }

    /// `session.encrypt`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn encrypt(&self, peer: &Peer, plaintext: &[u8]) -> Result<Message, CallError> {
        let args = json!({"peer": peer.json(), "plaintext": hex::encode(plaintext), "now_ms": self.now_ms.get()});
        message(&self.call("session.encrypt", args)?)
    }

    /// `session.encrypt_many`: the same plaintext `count` times; only the messages whose index is in `keep` come back.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn encrypt_many(
        &self,
        peer: &Peer,
        plaintext: &[u8],
        count: u32,
        keep: &[u32],
    ) -> Result<Vec<Kept>, CallError> {
        let args = json!({
            "peer": peer.json(), "plaintext": hex::encode(plaintext), "count": count, "keep": keep, "now_ms": self.now_ms.get(),
        });
        let reply = self.call("session.encrypt_many", args)?;
        let kept = field(&reply, "messages")?.as_array().into_iter().flatten();
        kept.map(|kept| Ok(Kept { index: number(kept, "index")?, message: message(kept)? }))
            .collect()
    }

    /// `session.decrypt`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn decrypt(&self, peer: &Peer, message: &Message) -> Result<Vec<u8>, CallError> {
        let args = json!({
            "peer": peer.json(), "type": message.kind, "message": hex::encode(&message.bytes), "now_ms": self.now_ms.get(),
        });
        bytes(&self.call("session.decrypt", args)?, "plaintext")
    }

    /// `session.archive`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn archive(&self, peer: &Peer) -> Result<(), CallError> {
        self.call("session.archive", json!({"peer": peer.json()})).map(drop)
    }

    /// `session.delete`: the whole record with this peer is lost.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn delete(&self, peer: &Peer) -> Result<(), CallError> {
        self.call("session.delete", json!({"peer": peer.json()})).map(drop)
    }

    /// `session.export`. Needs `state.export`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn export(&self, peer: &Peer) -> Result<Vec<u8>, CallError> {
        bytes(&self.call("session.export", json!({"peer": peer.json()}))?, "state")
    }

    /// `session.import`. Needs `state.export`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn import(&self, peer: &Peer, state: &[u8]) -> Result<(), CallError> {
        self.call("session.import", json!({"peer": peer.json(), "state": hex::encode(state)}))
            .map(drop)
    }

    pub(super) fn call(&self, op: &'static str, mut args: Value) -> Result<Value, CallError> {
        if let Some(object) = args.as_object_mut() {
            object.insert("party".into(), self.handle.into());
        }
        self.subject.call(op, args)
    }
}

fn set_signature(args: &mut Value, signature: Option<&[u8]>) {
    if let (Some(signature), Some(object)) = (signature, args.as_object_mut()) {
        object.insert("signature".into(), hex::encode(signature).into());
    }
}

fn message(value: &Value) -> Result<Message, CallError> {
    Ok(Message { kind: number(value, "type")?, bytes: bytes(value, "message")? })
}
