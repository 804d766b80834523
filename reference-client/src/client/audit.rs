//! Following the server's log of an account's keys.

use countersign_protocol::audit::{
    Chain, EntryHash, Head, HeadSignature, KeyEvent, ServerVerifyingKey,
};
use countersign_protocol::name::AccountId;
use countersign_protocol::problem::Problem;

use super::Client;
use crate::api::Account;
use crate::api::keys::{AuditHead, AuditReply};
use crate::clock;
use crate::error::{ClientError, Result};
use crate::vault::{Entries, Table, VaultError};

const FORM: ClientError = ClientError::BadAnswer("an audit log of another form");

/// What was followed of a log.
pub(super) struct Followed {
    /// How many entries it has.
    pub(super) length: u64,
    /// What happened since it was followed before.
    pub(super) news: Vec<KeyEvent>,
}

impl Client {
    /// Follows an account's log from where it was left, and checks its signed head. The key that
    /// signs must be `signing_key`, which stays the same for this server.
    ///
    /// # Errors
    /// `audit_chain_broken` when the server has rewritten what was checked before.
    pub(super) async fn follow_audit(
        &self,
        account: Account,
        signing_key: &[u8],
    ) -> Result<Followed> {
        let mut chain = self.vault.read(|entries| resume(entries, account.0))?;
        let mut news = Vec::new();
        loop {
            let after = chain.sequence();
            let path = format!("/keys/user/{account}/audit?after={after}&limit=1000");
            let reply: AuditReply = self.get(&path).await?;
            if reply.signing_key.0 != signing_key {
                return Err(Problem::AuditChainBroken.into());
            }
            for entry in &reply.entries {
                let at = clock::from_text(&entry.at).ok_or(FORM)?;
                let hash = EntryHash(entry.hash.array().ok_or(FORM)?);
                news.push(chain.follow(entry.sequence, at, &entry.payload.0, hash)?);
            }
            let head = verified_head(account.0, &reply.head, signing_key)?;
            if head.sequence <= chain.sequence() || reply.entries.is_empty() {
                chain.require_head(&head)?;
                break;
            }
        }
        self.vault.write(|entries| keep(entries, account.0, &chain))?;
        Ok(Followed { length: chain.sequence(), news })
    }
}

fn verified_head(account_id: AccountId, head: &AuditHead, signing_key: &[u8]) -> Result<Head> {
    let signature = HeadSignature(head.signature.array().ok_or(FORM)?);
    let head = Head {
        account_id,
        sequence: head.sequence,
        hash: EntryHash(head.hash.array().ok_or(FORM)?),
        at: clock::from_text(&head.at).ok_or(FORM)?,
    };
    let refused = |_problem| ClientError::Rule(Problem::AuditChainBroken);
    ServerVerifyingKey::decode(signing_key)
        .and_then(|key| key.verify(&head, &signature))
        .map_err(refused)?;
    Ok(head)
}

fn place(account: AccountId) -> Vec<u8> {
    [b"audit ".as_slice(), &account.0].concat()
}

fn resume(entries: &Entries<'_>, account: AccountId) -> Result<Chain, VaultError> {
    let stored = entries.find(Table::Own, &place(account))?.unwrap_or_default();
    let parts = stored.split_first_chunk::<8>().and_then(|(sequence, hash)| {
        Some((u64::from_be_bytes(*sequence), EntryHash(hash.try_into().ok()?)))
    });
    Ok(parts.map_or_else(
        || Chain::new(account),
        |(sequence, hash)| Chain::resume(account, sequence, hash),
    ))
}

fn keep(entries: &Entries<'_>, account: AccountId, chain: &Chain) -> Result<(), VaultError> {
    let bytes = [&chain.sequence().to_be_bytes()[..], &chain.hash().0].concat();
    entries.put(Table::Own, &place(account), &bytes)
}
