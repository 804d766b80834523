//! Where accounts, keys and envelopes are kept.
//!
//! One method is one protocol operation, and one operation is one transaction: callers never see a connection, a row
//! or a commit. A method that returns `Ok` has made its effect durable; one that returns a [`Problem`] has changed
//! nothing, unless its text says otherwise. Time is an argument.
//!
//! What a device does as itself (rotating, uploading, claiming, sending, reading) is `unauthenticated` once the device
//! is not live any more, decided in the operation's own transaction.

pub mod accounts;
pub mod keys;
pub mod limits;
pub mod messages;
mod rules;
pub mod sqlite;
#[cfg(test)]
mod suite;

use async_trait::async_trait;

use crate::{ids::*, problem::Problem};

use accounts::*;
use keys::*;
use messages::*;

/// What every method returns.
pub type Result<T> = std::result::Result<T, Problem>;

/// All the server remembers.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // ── accounts and logins ─────────────────────────────────────────────────────────────────────────────────────

    /// Makes an account and its first login. `username_taken`.
    async fn create_account(&self, account: NewAccount, login: NewLogin) -> Result<()>;

    /// What a login is checked against.
    async fn credentials(&self, username: &str) -> Result<Option<Credentials>>;

    /// The account itself.
    async fn account(&self, account: AccountId) -> Result<Option<Account>>;

    /// Makes a login. With a proof of a device its nonce is used up (`nonce_reused`), and the device has to be live
    /// (`device_unknown`).
    async fn create_login(&self, login: NewLogin, proof: Option<DeviceProof>) -> Result<()>;

    /// Replaces a refresh token by its successor, by compare-and-set. Revoking the login on reuse is an effect that
    /// stays.
    async fn refresh(&self, refresh: Refresh) -> Result<Refreshed>;

    /// Revokes a login with all its tokens. Repeating it changes nothing.
    async fn revoke_login(&self, login: LoginId, now: Moment) -> Result<()>;

    /// The state of a login, for the check of an access token.
    async fn login(&self, login: LoginId) -> Result<Option<Login>>;

    /// Keeps a ticket for one WebSocket connection.
    async fn put_ticket(&self, ticket: Ticket) -> Result<()>;

    /// Takes a ticket: at most one caller gets it. Expired tickets are not given.
    async fn take_ticket(&self, hash: TokenHash, now: Moment) -> Result<Option<Ticket>>;

    // ── linking ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// Opens a provisioning slot.
    async fn open_slot(&self, slot: SlotId, expires_at: Moment) -> Result<()>;

    /// Fills a slot once. `slot_unknown`, `slot_filled`.
    async fn fill_slot(&self, slot: SlotId, envelope: Vec<u8>, now: Moment) -> Result<()>;

    /// Empties a slot: `None` while it is not filled; a slot that was emptied is gone. `slot_unknown`.
    async fn take_slot(&self, slot: SlotId, now: Moment) -> Result<Option<Vec<u8>>>;

    /// Keeps a link token and reserves, until it expires, the smallest device id that the account never used and that
    /// is not reserved. `unavailable` when there is none.
    async fn create_link_token(&self, token: NewLinkToken) -> Result<DeviceId>;

    /// Takes a link token and makes a login that may register only the reserved id. `link_token_invalid`.
    async fn redeem_link_token(
        &self,
        hash: TokenHash,
        login: LinkLogin,
        now: Moment,
    ) -> Result<Linked>;

    // ── devices ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// Registers a device or its new incarnation: identity key, device list, prekeys, nonce, binding of the login,
    /// audit. A new incarnation begins with nothing of the old one, whose logins are revoked and returned.
    ///
    /// In this order: `identity_mismatch`, `device_id_not_reserved`, the problems of
    /// [`Store::replace_device_list`], `registration_mismatch`, `prekey_id_rollback`, `prekeys_rejected`,
    /// `too_many_prekeys`, `nonce_reused`, `login_bound`.
    async fn register_device(&self, registration: Registration) -> Result<Vec<LoginId>>;

    /// All devices an account ever had, by id.
    async fn devices(&self, account: AccountId) -> Result<Vec<Device>>;

    /// Revokes a device: mailbox, prekeys and logins go at once. Its id stays used. Returns the revoked logins.
    /// `device_unknown`; repeating it changes nothing.
    async fn revoke_device(
        &self,
        account: AccountId,
        device: DeviceId,
        now: Moment,
    ) -> Result<Vec<LoginId>>;

    /// The signed device list and the live devices. `None` when the account has no keys.
    async fn directory(&self, account: AccountId) -> Result<Option<Directory>>;

    /// Replaces the device list by its successor. A device that it adds is live, without prekeys or logins; one that
    /// it gives a new incarnation begins anew; one that it closes is revoked as by [`Store::revoke_device`]. Returns
    /// the logins revoked by it.
    ///
    /// In this order: `identity_mismatch`, `device_list_conflict` with `current` and `version`,
    /// `device_list_malformed`, `device_id_closed`, `device_list_not_one_device`, `capability_regression`.
    async fn replace_device_list(&self, list: NewDeviceList) -> Result<Vec<LoginId>>;

    /// Notes that a device was heard of.
    async fn seen(&self, device: DeviceAddress, now: Moment) -> Result<()>;

    // ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Replaces the signed prekey. The id has to be higher than all before (`prekey_id_rollback`); the same bytes
    /// again change nothing. Appends to the audit log.
    async fn rotate_signed_prekey(
        &self,
        device: DeviceAddress,
        suite: Suite,
        prekey: SignedPrekey,
        now: Moment,
    ) -> Result<()>;

    /// Adds one-time prekeys, all or none. With a replacement the stock is afterwards exactly those of the request
    /// that were never issued. `prekey_id_rollback`, `suite_unknown`, `prekeys_rejected` with `rejected` and
    /// `accepted`, `too_many_prekeys` with `stock` and `limit`.
    async fn add_prekeys(&self, upload: PrekeyUpload) -> Result<Uploaded>;

    /// Counts, for every suite of the device, zero included.
    async fn prekey_stats(&self, device: DeviceAddress) -> Result<Vec<PrekeyStats>>;

    /// Removes unclaimed one-time prekeys with ids below `below`; their ids are never taken again. Returns how many.
    async fn remove_prekeys(&self, device: DeviceAddress, suite: Suite, below: u32) -> Result<u64>;

    /// The keys of all live devices; takes nothing. `None` when the account has no keys.
    async fn keys(&self, account: AccountId) -> Result<Option<AccountKeys>>;

    /// Takes one one-time prekey of each addressed live device, which nobody else will be given, in upload order; the
    /// claiming device itself is left out. The same claim id gives the same answer. `claim_id_reused`,
    /// `account_unknown`, `suite_unknown`.
    async fn claim(&self, claim: Claim) -> Result<Claimed>;

    /// The answer that [`Store::claim`] gave to this claim before, for a caller past its limit. `claim_id_reused`.
    async fn earlier_claim(&self, claim: Claim) -> Result<Option<Claimed>>;

    /// Who took the account's prekeys, oldest first.
    async fn claims(&self, account: AccountId, page: Page) -> Result<Vec<ClaimEntry>>;

    /// The account's audit log.
    async fn audit(&self, account: AccountId, page: Page) -> Result<AuditLog>;

    // ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

    /// Stores one message for all its devices. The same message again gives the first result. `message_id_reused`,
    /// `account_unknown`, `device_list_mismatch` with `accounts`, `mailbox_full` with `undelivered`.
    async fn send(&self, message: NewMessage) -> Result<Sent>;

    /// The result that [`Store::send`] gave to this message before, for a caller past its limit.
    /// `message_id_reused`.
    async fn earlier_send(&self, name: MessageName, request_hash: [u8; 32])
    -> Result<Option<Sent>>;

    /// The un-acknowledged items after a sequence, ascending.
    async fn mailbox(&self, device: DeviceAddress, page: Page, now: Moment) -> Result<Vec<Item>>;

    /// Removes exactly these items. Returns those that never existed as unknown.
    async fn acknowledge(&self, device: DeviceAddress, sequences: Vec<u64>)
    -> Result<Acknowledged>;

    /// Raises the status of messages that the account received; others are unknown. Never lowers one.
    async fn set_status(&self, update: StatusUpdate) -> Result<StatusChanges>;

    /// The status of one's own sent message, per recipient account. `message_unknown`.
    async fn status(
        &self,
        sender: DeviceAddress,
        message: MessageId,
    ) -> Result<Vec<RecipientStatus>>;

    /// Messages between two accounts, or all of the caller's that fit a search, newest first.
    async fn history(&self, account: AccountId, search: Search) -> Result<Vec<HistoryEntry>>;

    /// The accounts the caller exchanged messages with, newest first, with unread counts.
    async fn conversations(&self, account: AccountId) -> Result<Vec<Conversation>>;

    /// Turns a message's un-acknowledged envelopes into gaps. Only its sending device. `message_unknown`. Returns the
    /// devices whose mailboxes changed: none when it is repeated.
    async fn delete_message(
        &self,
        sender: DeviceAddress,
        message: MessageId,
        now: Moment,
    ) -> Result<Vec<DeviceAddress>>;

    // ── upkeep ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Turns expired envelopes into gaps, and forgets what no rule needs any more. Returns how much it did.
    async fn expire(&self, now: Moment) -> Result<Expired>;

    /// Whether it can serve.
    async fn ready(&self) -> Result<()>;
}
