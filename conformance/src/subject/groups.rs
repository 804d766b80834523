//! A party's sender keys: the group operations of the line protocol.

use serde_json::json;

use super::{
    party::Party,
    types::{Peer, bytes, field, number},
};
use crate::case::CallError;

impl Party {
    /// `group.create_distribution`: `distribution_id` is a UUID as text.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn create_distribution(&self, distribution_id: &str) -> Result<Vec<u8>, CallError> {
        bytes(
            &self.call("group.create_distribution", json!({"distribution_id": distribution_id}))?,
            "message",
        )
    }

    /// `group.process_distribution`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn process_distribution(&self, sender: &Peer, message: &[u8]) -> Result<(), CallError> {
        let args = json!({"sender": sender.sender_json(), "message": hex::encode(message)});
        self.call("group.process_distribution", args).map(drop)
    }

    /// `group.encrypt`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn group_encrypt(
        &self,
        distribution_id: &str,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CallError> {
        let args = json!({"distribution_id": distribution_id, "plaintext": hex::encode(plaintext)});
        bytes(&self.call("group.encrypt", args)?, "message")
    }

    /// `group.encrypt_many`: index and bytes of the messages whose index is in `keep`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn group_encrypt_many(
        &self,
        distribution_id: &str,
        plaintext: &[u8],
        count: u32,
        keep: &[u32],
    ) -> Result<Vec<(u32, Vec<u8>)>, CallError> {
        let args = json!({"distribution_id": distribution_id, "plaintext": hex::encode(plaintext), "count": count, "keep": keep});
        let reply = self.call("group.encrypt_many", args)?;
        let kept = field(&reply, "messages")?.as_array().into_iter().flatten();
        kept.map(|kept| Ok((number(kept, "index")?, bytes(kept, "message")?))).collect()
    }

    /// `group.decrypt`.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn group_decrypt(&self, sender: &Peer, message: &[u8]) -> Result<Vec<u8>, CallError> {
        let args = json!({"sender": sender.sender_json(), "message": hex::encode(message)});
        bytes(&self.call("group.decrypt", args)?, "plaintext")
    }

    /// `group.forget`: forgets the sender key of `sender`, which may be this party itself.
    ///
    /// # Errors
    /// As the operation answers.
    pub fn group_forget(&self, sender: &Peer, distribution_id: &str) -> Result<(), CallError> {
        let args = json!({"sender": sender.sender_json(), "distribution_id": distribution_id});
        self.call("group.forget", args).map(drop)
    }
}
