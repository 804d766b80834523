//! The subject's operations that need no party: keys, signatures, fingerprints and boxes.

use serde_json::{Value, json};

use super::{
    Subject,
    types::{Profile, array, bytes, field},
};
use crate::case::CallError;

/// Both sides of a computed fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// 60 digits.
    pub display: String,
    /// The scannable code.
    pub scannable: Vec<u8>,
}

/// One side of `fingerprint.compute`.
#[derive(Clone, Copy, Debug)]
pub struct FingerprintSide<'a> {
    /// The stable identifier.
    pub id: &'a [u8],
    /// The identity key, 33 bytes.
    pub key: &'a [u8; 33],
}

/// A sealed message for several devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedMessage {
    /// The content under its content key.
    pub content: Vec<u8>,
    /// One slot per recipient device, in their order.
    pub slots: Vec<Vec<u8>>,
}

/// The keys of one box: raw bytes, of the wrong length where a case wants that.
#[derive(Clone, Copy, Debug)]
pub struct BoxKeys<'a> {
    /// `box-xsalsa20` or `box-xchacha20`.
    pub suite: &'a str,
    /// Own private key, 32 bytes.
    pub private: &'a [u8],
    /// The other side's public key, 32 bytes.
    pub public: &'a [u8],
    /// 24 bytes.
    pub nonce: &'a [u8],
}

impl Subject {
    /// `key.public`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn key_public(&self, private: &[u8; 32]) -> Result<[u8; 33], CallError> {
        array(&self.call("key.public", json!({"private": hex::encode(private)}))?, "public")
    }

    /// `key.decode`: the canonical form of a public key of any length.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn key_decode(&self, public: &[u8], profile: Profile) -> Result<[u8; 33], CallError> {
        array(
            &self.call(
                "key.decode",
                json!({"public": hex::encode(public), "profile": profile.name()}),
            )?,
            "public",
        )
    }

    /// `key.agree`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn key_agree(
        &self,
        private: &[u8; 32],
        public: &[u8; 33],
        profile: Profile,
    ) -> Result<[u8; 32], CallError> {
        let args = json!({"private": hex::encode(private), "public": hex::encode(public), "profile": profile.name()});
        array(&self.call("key.agree", args)?, "shared")
    }

    /// `xeddsa.sign`: `rule` is `libsignal` or `paper`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn xeddsa_sign(
        &self,
        private: &[u8; 32],
        message: &[u8],
        random: &[u8; 64],
        rule: &str,
    ) -> Result<[u8; 64], CallError> {
        let args = json!({
            "private": hex::encode(private), "message": hex::encode(message), "random": hex::encode(random), "rule": rule,
        });
        array(&self.call("xeddsa.sign", args)?, "signature")
    }

    /// `xeddsa.verify`: `profile` is `compatible`, `strict` or `native`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn xeddsa_verify(
        &self,
        public: &[u8; 33],
        message: &[u8],
        signature: &[u8],
        profile: &str,
    ) -> Result<(), CallError> {
        let args = json!({
            "public": hex::encode(public), "message": hex::encode(message), "signature": hex::encode(signature), "profile": profile,
        });
        self.call("xeddsa.verify", args).map(drop)
    }

    /// `fingerprint.compute`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn fingerprint_compute(
        &self,
        version: u32,
        iterations: u32,
        local: FingerprintSide<'_>,
        remote: FingerprintSide<'_>,
    ) -> Result<Fingerprint, CallError> {
        let args = json!({
            "version": version, "iterations": iterations, "local_id": hex::encode(local.id), "local_key": hex::encode(local.key),
            "remote_id": hex::encode(remote.id), "remote_key": hex::encode(remote.key),
        });
        let reply = self.call("fingerprint.compute", args)?;
        let display = field(&reply, "display")?.as_str().unwrap_or_default().to_owned();
        Ok(Fingerprint { display, scannable: bytes(&reply, "scannable")? })
    }

    /// `fingerprint.compare`: our scannable code with theirs.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn fingerprint_compare(&self, mine: &[u8], theirs: &[u8]) -> Result<bool, CallError> {
        let args = json!({"mine": hex::encode(mine), "theirs": hex::encode(theirs)});
        Ok(field(&self.call("fingerprint.compare", args)?, "match")? == &Value::Bool(true))
    }

    /// `box.seal`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn box_seal(&self, keys: BoxKeys<'_>, plaintext: &[u8]) -> Result<Vec<u8>, CallError> {
        bytes(&self.call("box.seal", keys.args("plaintext", plaintext))?, "ciphertext")
    }

    /// `box.open`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn box_open(&self, keys: BoxKeys<'_>, ciphertext: &[u8]) -> Result<Vec<u8>, CallError> {
        bytes(&self.call("box.open", keys.args("ciphertext", ciphertext))?, "plaintext")
    }

    /// `box.seal_message`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn box_seal_message(
        &self,
        private: &[u8; 32],
        recipients: &[[u8; 32]],
        header: &[u8],
        content: &[u8],
    ) -> Result<SealedMessage, CallError> {
        let recipients: Vec<_> = recipients.iter().map(hex::encode).collect();
        let args = json!({
            "private": hex::encode(private), "recipients": recipients, "header": hex::encode(header), "content": hex::encode(content),
        });
        let reply = self.call("box.seal_message", args)?;
        let slots = field(&reply, "slots")?.as_array().into_iter().flatten();
        let slots = slots.filter_map(|slot| hex::decode(slot.as_str()?).ok()).collect();
        Ok(SealedMessage { content: bytes(&reply, "content")?, slots })
    }

    /// `box.open_message`: header and content.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn box_open_message(
        &self,
        private: &[u8; 32],
        sender: &[u8; 32],
        slot: &[u8],
        content: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), CallError> {
        let args = json!({
            "private": hex::encode(private), "public": hex::encode(sender), "slot": hex::encode(slot), "content": hex::encode(content),
        });
        let reply = self.call("box.open_message", args)?;
        Ok((bytes(&reply, "header")?, bytes(&reply, "content")?))
    }
}

impl BoxKeys<'_> {
    fn args(self, input: &str, text: &[u8]) -> Value {
        json!({
            "suite": self.suite, "private": hex::encode(self.private), "public": hex::encode(self.public),
            "nonce": hex::encode(self.nonce), input: hex::encode(text),
        })
    }
}
