//! From the mailbox into the vault, and only then away from the mailbox.

use countersign_protocol::ids::DeviceId;
use countersign_protocol::problem::Problem;
use serde::{Deserialize, Serialize};

use super::history::Message;
use super::opening::{self, Effect};
use super::sessions::Sessions;
use super::{Client, contacts, outbox, prekeys};
use crate::api::messages::{
    AckRequest, BulkStatusRequest, Gap, Item, ItemMessage, MailboxReply, SentMessage,
};
use crate::api::{self, Account, Suite};
use crate::clock;
use crate::error::{ClientError, Result};
use crate::vault::{Entries, Table, from_json};

const PAGE: usize = 100;

/// What came in.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Incoming {
    /// A text, or the copy of one that another own device sent.
    Text(Message),
    /// Messages that the server lost on the way, and why.
    Gap {
        /// `expired`, `deleted` or `overflow`.
        reason: String,
        /// How many.
        missed: u64,
    },
    /// A message that was refused for good: it is in the security log.
    Refused(SecurityEvent),
    /// A message that cannot be taken yet; it stays in the mailbox.
    Later {
        /// The account that sent it, as the server says.
        account: Account,
        /// Why.
        code: String,
    },
}

/// A refusal that a person may want to know of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityEvent {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The account that the server named as the sender.
    pub account: Account,
    /// Its device.
    pub device_id: u8,
    /// The registered code.
    pub code: String,
    /// The suite that it came in.
    pub suite: Suite,
}

/// What became of an item.
pub(super) struct Done {
    /// Whether the server may forget it.
    pub(super) acknowledge: bool,
    /// What to tell.
    pub(super) incoming: Option<Incoming>,
    /// What the server is told to have been delivered.
    pub(super) delivered: Option<SentMessage>,
}

impl Client {
    /// Takes in everything that lies in the mailbox, and then sends what waits in the outbox,
    /// receipts first of all.
    ///
    /// # Errors
    /// The transport's and the vault's. What was taken in until then is in the vault.
    pub async fn receive(&self) -> Result<Vec<Incoming>> {
        let (mut came, mut after) = (Vec::new(), 0);
        loop {
            let path = format!("/messages/mailbox?after={after}&limit={PAGE}");
            let page: MailboxReply = self.get(&path).await?;
            let (mut sequences, mut delivered) = (Vec::new(), Vec::new());
            for item in &page.items {
                after = after.max(item.sequence());
                let done = self.take(item).await?;
                sequences.extend(done.acknowledge.then(|| item.sequence()));
                delivered.extend(done.delivered);
                came.extend(done.incoming);
            }
            self.acknowledge(&sequences).await?;
            self.report(delivered).await;
            if page.empty || page.items.is_empty() {
                self.confirm_names().await;
                return Ok(came);
            }
        }
    }

    async fn acknowledge(&self, sequences: &[u64]) -> Result<()> {
        if sequences.is_empty() {
            return Ok(());
        }
        let body = super::json(&AckRequest { sequences })?.to_vec();
        let answer = self.request("POST", "/messages/mailbox/ack", Some(body)).await?;
        api::require_success(&answer)
    }

    /// Tells the server what was delivered. The receipts inside frames are what counts, so that a
    /// failure here is none.
    pub(super) async fn report(&self, messages: Vec<SentMessage>) {
        if messages.is_empty() {
            return;
        }
        let request = BulkStatusRequest { status: "delivered", messages };
        let Ok(body) = super::json(&request) else { return };
        let _counts_for_nothing =
            self.request("POST", "/messages/status/bulk", Some(body.to_vec())).await.is_ok();
    }

    /// Takes one item of the mailbox in.
    pub(super) async fn take(&self, item: &Item) -> Result<Done> {
        match item {
            Item::Gap { gap: Gap { reason, missed }, .. } => Ok(Done {
                acknowledge: true,
                incoming: Some(Incoming::Gap { reason: reason.clone(), missed: *missed }),
                delivered: None,
            }),
            // A later program of this device may be able to read it.
            Item::Unknown { .. } => {
                Ok(Done { acknowledge: false, incoming: None, delivered: None })
            }
            Item::Message(message) => self.take_message(message).await,
        }
    }

    async fn take_message(&self, message: &ItemMessage) -> Result<Done> {
        let problem = match self.vault.write(|entries| opening::take(entries, message)) {
            Ok(effect) => return Ok(Done::of(message, effect)),
            Err(ClientError::Rule(problem)) => problem,
            Err(error) => return Err(error),
        };
        if !newer_list_may_help(problem) {
            return self.refuse(message, problem);
        }
        match self.fetch_list(message.sender.account_id).await {
            Ok(_) => {}
            Err(ClientError::Rule(problem)) => return Ok(Done::later(message, problem)),
            Err(ClientError::Refused(_)) => {
                return Ok(Done::later(message, Problem::IncarnationUnknown));
            }
            Err(error) => return Err(error),
        }
        match self.vault.write(|entries| opening::take(entries, message)) {
            Ok(effect) => Ok(Done::of(message, effect)),
            Err(ClientError::Rule(problem)) => self.refuse(message, problem),
            Err(error) => Err(error),
        }
    }

    /// Refusals for now leave the message in the mailbox. Refusals for good go into the security
    /// log, and a session that no longer decrypts is replaced.
    fn refuse(&self, message: &ItemMessage, problem: Problem) -> Result<Done> {
        match problem {
            Problem::IncarnationUnknown | Problem::RecordStale | Problem::GapLimit => {
                return Ok(Done::later(message, problem));
            }
            // Taken before: only the acknowledgement was lost.
            Problem::DuplicateMessage | Problem::HandshakeReplayed => {
                return Ok(Done { acknowledge: true, incoming: None, delivered: None });
            }
            _ => {}
        }
        let event = SecurityEvent {
            at: clock::now().0,
            account: message.sender.account_id,
            device_id: message.sender.device_id,
            code: problem.code().to_owned(),
            suite: message.suite,
        };
        self.vault.write(|entries| {
            let number = entries.next_number(Table::SecurityLog)?;
            entries.put_json(Table::SecurityLog, &number.to_be_bytes(), &event)?;
            if session_is_lost(problem) {
                replace_session(entries, message)?;
            }
            Ok::<_, ClientError>(())
        })?;
        Ok(Done { acknowledge: true, incoming: Some(Incoming::Refused(event)), delivered: None })
    }

    /// The refusals that this device has seen.
    ///
    /// # Errors
    /// The vault's.
    pub fn security_log(&self) -> Result<Vec<SecurityEvent>> {
        let stored = self.vault.read(|entries| entries.scan(Table::SecurityLog))?;
        let read = stored.iter().map(|(_, value)| Ok(from_json(value)?));
        read.collect()
    }
}

impl Done {
    fn of(message: &ItemMessage, effect: Effect) -> Self {
        let incoming = match effect {
            Effect::Text(text) => Some(Incoming::Text(text)),
            Effect::Quiet | Effect::Again => None,
        };
        let to_report = matches!(&incoming, Some(Incoming::Text(text)) if !text.from_me);
        let delivered = to_report.then(|| SentMessage {
            message_id: message.message_id.clone(),
            sender: message.sender,
        });
        Self { acknowledge: true, incoming, delivered }
    }

    fn later(message: &ItemMessage, problem: Problem) -> Self {
        let account = message.sender.account_id;
        let code = problem.code().to_owned();
        let incoming = Some(Incoming::Later { account, code });
        Self { acknowledge: false, incoming, delivered: None }
    }
}

/// Refusals that a sender's device list which is not held yet would turn round.
const fn newer_list_may_help(problem: Problem) -> bool {
    matches!(
        problem,
        Problem::IncarnationUnknown
            | Problem::InvalidMessage
            | Problem::FrameMismatch
            | Problem::NoSession
            | Problem::BadAgreement
            | Problem::TooShort
    )
}

/// Refusals that say that the peer uses a session which is not here.
const fn session_is_lost(problem: Problem) -> bool {
    matches!(
        problem,
        Problem::InvalidMessage
            | Problem::NoSession
            | Problem::UnknownPrekey
            | Problem::UnknownSignedPrekey
    )
}

/// Begins a new session of the same suite, and tells the peer to seal anew what was not confirmed.
fn replace_session(entries: &Entries<'_>, message: &ItemMessage) -> Result<()> {
    let (account, suite) = (message.sender.account_id, message.suite.0);
    let Some(list) = contacts::held_list(entries, account.0)? else { return Ok(()) };
    let entry = DeviceId::new(message.sender.device_id).and_then(|id| list.entry(id));
    let Some(entry) = entry.filter(|entry| !entry.is_closed()) else { return Ok(()) };
    if prekeys::has_prekeys(suite) {
        let name = list.name(entry);
        let mut sessions = Sessions::load(entries, suite, &name)?;
        sessions.archive();
        sessions.store(entries, suite, &name)?;
        outbox::queue_reset(entries, account, message.sender.device_id)?;
    }
    Ok(())
}
