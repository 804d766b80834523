//! From the outbox to the server.

use countersign_protocol::name::AccountId;
use countersign_protocol::problem::Problem;
use countersign_protocol::suite::SuiteId;
use serde::{Deserialize, Serialize};

use super::history::Status;
use super::outbox::{self, Outgoing};
use super::sealing::{self, Prekeys, Targets};
use super::{Client, contacts, own};
use crate::api::keys::{ClaimReply, ClaimRequest};
use crate::api::messages::{Mismatch, SendReply};
use crate::api::{self, Account, Suite};
use crate::clock;
use crate::error::{ClientError, Result};
use crate::vault::{Table, from_json};

/// How often an entry is sealed anew because the devices changed meanwhile.
const ROUNDS: usize = 8;

/// What became of a message that was sent.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// Its id.
    pub message_id: String,
    /// Whether the server has it; otherwise it waits in the outbox.
    pub stored: bool,
    /// Devices whose mailbox had no room, by their numbers.
    pub undelivered: Vec<u8>,
    /// The weakest suite it went by.
    pub suite: Option<Suite>,
}

/// A claim that was or is to be made.
#[derive(Serialize, Deserialize)]
struct StoredClaim {
    claim_id: String,
    device_ids: Vec<u8>,
}

/// Where the claim of prekeys for a message to an account is kept.
pub(super) fn claim_place(account: AccountId, suite: SuiteId) -> Vec<u8> {
    [&account.0[..], &suite.0.to_be_bytes()].concat()
}

impl Client {
    /// Sends a text to all devices of an account, and a copy to the own ones.
    ///
    /// The text is in the vault before anything is sent. When this fails temporarily, it waits in
    /// the outbox, and [`flush`](Self::flush) sends it.
    ///
    /// # Errors
    /// What keeps the message from the server for good.
    pub async fn send(&self, to: Account, text: &str) -> Result<Sent> {
        self.list_of(to).await?;
        let number = self.queue(to, text)?;
        // What waits before it goes before it.
        for earlier in self.vault.read(outbox::all)? {
            if earlier.account == to && earlier.number < number {
                self.deliver(earlier.number).await?;
            }
        }
        let message_id = self.vault.read(|entries| outbox::find(entries, number))?;
        let message_id = message_id.map(|queued| api::message_id(queued.message_id()));
        Ok(self.deliver(number).await?.unwrap_or_else(|| Sent {
            message_id: message_id.unwrap_or_default(),
            stored: true,
            undelivered: Vec::new(),
            suite: None,
        }))
    }

    /// Puts a text into the outbox; its place there.
    ///
    /// # Errors
    /// The vault's.
    pub fn queue(&self, to: Account, text: &str) -> Result<u64> {
        self.vault.write(|entries| {
            let me = own::registered(entries)?;
            Ok(outbox::queue_text(entries, to, me.device.device_id, text)?)
        })
    }

    /// Sends everything that waits in the outbox; how many entries the server took.
    ///
    /// # Errors
    /// The first one that a later attempt would not cure by itself, after all were tried.
    pub async fn flush(&self) -> Result<usize> {
        let waiting = self.vault.read(outbox::all)?;
        let (mut taken, mut failure) = (0, None);
        for outgoing in waiting {
            match self.deliver(outgoing.number).await {
                Ok(_) => taken += 1,
                Err(ClientError::Transport(error)) => return Err(error.into()),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(taken), Err)
    }

    /// How many entries wait in the outbox.
    ///
    /// # Errors
    /// The vault's.
    pub fn waiting(&self) -> Result<usize> {
        Ok(self.vault.read(outbox::all)?.len())
    }

    /// Brings an entry to the server. `None` when another process of this device has done so.
    async fn deliver(&self, number: u64) -> Result<Option<Sent>> {
        for _ in 0..ROUNDS {
            let Some(outgoing) = self.sealed(number).await? else { return Ok(None) };
            match self.post_sealed(&outgoing).await {
                Ok(reply) => return self.stored(&outgoing, &reply).map(Some),
                Err(error) if error.has_code("device_list_mismatch") => {
                    self.vault.write(|entries| outbox::unseal(entries, &outgoing, false))?;
                    for account in mismatched(&error)? {
                        self.fetch_list(account).await?;
                    }
                }
                // These bytes were never sent under this id: somebody else's were.
                Err(error) if error.has_code("message_id_reused") => {
                    self.vault.write(|entries| outbox::unseal(entries, &outgoing, true))?;
                }
                Err(error) if error.has_code("account_unknown") || error.has_code("too_large") => {
                    self.vault
                        .write(|entries| outbox::finish(entries, &outgoing, Status::Failed))?;
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(ClientError::State("the devices of this account change too fast: try again later"))
    }

    async fn post_sealed(&self, outgoing: &Outgoing) -> Result<SendReply> {
        let body = outgoing.sealed.clone().unwrap_or_default().0;
        api::read(&self.request("POST", "/messages", Some(body)).await?)
    }

    fn stored(&self, outgoing: &Outgoing, reply: &SendReply) -> Result<Sent> {
        self.vault.write(|entries| outbox::finish(entries, outgoing, Status::Sent))?;
        Ok(Sent {
            message_id: api::message_id(outgoing.message_id()),
            stored: true,
            undelivered: reply.undelivered.iter().map(|device| device.device_id).collect(),
            suite: outgoing.suite,
        })
    }

    /// The entry in its sealed form, which is durable then. `None` when it is gone.
    async fn sealed(&self, number: u64) -> Result<Option<Outgoing>> {
        let Some(outgoing) = self.vault.read(|entries| outbox::find(entries, number))? else {
            return Ok(None);
        };
        if outgoing.sealed.is_some() {
            return Ok(Some(outgoing));
        }
        let targets = self.targets(outgoing.account).await?;
        let prekeys = self.claim_missing(&targets).await?;
        self.vault.write(|entries| sealing::seal(entries, number, &prekeys))
    }

    /// The devices that a message goes to, after fetching the lists that this takes.
    async fn targets(&self, to: Account) -> Result<Vec<Targets>> {
        let me = self.vault.read(own::registered)?;
        for account in self.vault.read(|entries| sealing::lists_missing(entries, &me, to))? {
            self.fetch_list(account).await?;
        }
        match self.vault.read(|entries| sealing::targets(entries, &me, to)) {
            Err(ClientError::Rule(Problem::RecordStale | Problem::NoCommonSuite)) => {
                self.fetch_list(to).await?;
                self.fetch_list(me.account.account).await?;
                self.vault.read(|entries| sealing::targets(entries, &me, to))
            }
            result => result,
        }
    }

    /// Claims prekeys for every device with which there is no session.
    async fn claim_missing(&self, targets: &[Targets]) -> Result<Vec<Prekeys>> {
        let now = clock::now();
        let mut prekeys = Vec::new();
        for Targets { account, devices, .. } in targets {
            for suite in [SuiteId::SIGNAL_V3, SuiteId::RATCHET_CHACHA20] {
                let mut device_ids = Vec::new();
                for target in devices.iter().filter(|target| target.suite == suite) {
                    if self.vault.read(|entries| sealing::wants_prekeys(entries, target, now))? {
                        device_ids.push(target.name.device_id.number());
                    }
                }
                if !device_ids.is_empty() {
                    prekeys.extend(self.claim(*account, suite, device_ids).await?);
                }
            }
        }
        Ok(prekeys)
    }

    /// Claims once: the claim's id is durable before it is made, so that repeating it takes nothing
    /// more.
    async fn claim(
        &self,
        account: Account,
        suite: SuiteId,
        device_ids: Vec<u8>,
    ) -> Result<Vec<Prekeys>> {
        let place = claim_place(account.0, suite);
        let claim = self.vault.write(|entries| {
            if let Some(stored) = entries.find(Table::Claims, &place)? {
                let stored: StoredClaim = from_json(&stored)?;
                if stored.device_ids == device_ids {
                    return Ok(stored);
                }
            }
            let claim_id = uuid::Uuid::new_v4().hyphenated().to_string();
            let claim = StoredClaim { claim_id, device_ids };
            entries.put_json(Table::Claims, &place, &claim)?;
            Ok::<_, ClientError>(claim)
        })?;
        let StoredClaim { claim_id, device_ids } = &claim;
        let request = ClaimRequest { claim_id, suite: Suite(suite), device_ids };
        let reply: Result<ClaimReply> =
            self.post(&format!("/keys/user/{account}/claim"), &request).await;
        let reply = match reply {
            Err(error) if error.has_code("suite_unknown") => {
                // The list says otherwise: wait rather than go down, and ask anew then.
                self.vault.write(|entries| entries.remove(Table::Claims, &place))?;
                return Err(Problem::BundleUnavailable.into());
            }
            other => other?,
        };
        let now = clock::now();
        let list = self
            .vault
            .write(|entries| contacts::learn_list(entries, account.0, &reply.device_list.0, now));
        let list = match list {
            // A repeated claim has the list of its first answer.
            Err(ClientError::Rule(Problem::RecordRollback)) => self.list_of(account).await?,
            other => other?,
        };
        let of = |claimed: api::keys::ClaimedDevice| {
            let entry = countersign_protocol::ids::DeviceId::new(claimed.device_id)
                .and_then(|id| list.entry(id))
                .filter(|entry| entry.incarnation.0.as_slice() == claimed.incarnation.0)?;
            Some(Prekeys { name: list.name(entry), suite, claimed })
        };
        let prekeys: Vec<Prekeys> = reply.devices.into_iter().filter_map(of).collect();
        if prekeys.len() < device_ids.len() {
            // The claim is older than a device's present incarnation: the next one is made anew.
            self.vault.write(|entries| entries.remove(Table::Claims, &place))?;
        }
        Ok(prekeys)
    }
}

/// The accounts whose devices were others than the request had.
fn mismatched(error: &ClientError) -> Result<Vec<Account>> {
    let ClientError::Refused(refusal) = error else { return Ok(Vec::new()) };
    let accounts = refusal.members.get("accounts").cloned().unwrap_or_default();
    let accounts: Vec<Mismatch> = serde_json::from_value(accounts)
        .map_err(|_form| ClientError::BadAnswer("a mismatch without accounts"))?;
    Ok(accounts.into_iter().map(|mismatch| mismatch.account_id).collect())
}
