//! The store in a SQLite database: one writer with group commit, some readers.
//!
//! Every method is one closure on one connection: `write` runs it in a transaction of the writing thread and returns
//! when it is on the disk, `read` on one state of the database. What the closure does is beside it, one file per noun.

mod accounts;
mod audit;
mod checkpoints;
mod claims;
mod columns;
mod devices;
mod history;
mod linking;
mod logins;
mod mailbox;
mod messages;
mod open;
mod prekeys;
mod queue;
mod readers;
mod recipients;
mod registration;
#[cfg(test)]
mod tests;
mod upkeep;
mod writer;

use std::{fmt, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode};

use self::{checkpoints::Checkpoints, readers::Readers, writer::Writer};
use super::{Result, Store, accounts::*, keys::*, limits::Limits, messages::*};
use crate::{
    ids::*,
    problem::{Code, Problem},
};

/// A store in a SQLite database.
pub struct SqliteStore {
    limits: Limits,
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    checkpoints: Arc<Checkpoints>,
    remove_at_end: Option<PathBuf>,
}

impl SqliteStore {
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.run(work).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.readers.run(work).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::SystemIoFailure) => {
                tracing::error!(%error, "the database");
                Self::new(Code::Unavailable, "the store cannot be used now")
            }
            _ => Self::internal(error),
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_account(&self, account: NewAccount, login: NewLogin) -> Result<()> {
        self.write(move |db| accounts::create(db, &account, &login)).await
    }

    async fn credentials(&self, username: &str) -> Result<Option<Credentials>> {
        let username = username.to_owned();
        self.read(move |db| accounts::credentials(db, &username)).await
    }

    async fn account(&self, account: AccountId) -> Result<Option<Account>> {
        self.read(move |db| accounts::account(db, account)).await
    }

    async fn create_login(&self, login: NewLogin, proof: Option<DeviceProof>) -> Result<()> {
        self.write(move |db| logins::create(db, &login, proof)).await
    }

    async fn refresh(&self, refresh: Refresh) -> Result<Refreshed> {
        self.write(move |db| logins::refresh(db, &refresh)).await
    }

    async fn revoke_login(&self, login: LoginId, now: Moment) -> Result<()> {
        self.write(move |db| logins::revoke(db, login, now)).await
    }

    async fn login(&self, login: LoginId) -> Result<Option<Login>> {
        self.read(move |db| logins::login(db, login)).await
    }

    async fn put_ticket(&self, ticket: Ticket) -> Result<()> {
        self.write(move |db| logins::put_ticket(db, &ticket)).await
    }

    async fn take_ticket(&self, hash: TokenHash, now: Moment) -> Result<Option<Ticket>> {
        self.write(move |db| logins::take_ticket(db, hash, now)).await
    }

    async fn open_slot(&self, slot: SlotId, expires_at: Moment) -> Result<()> {
        self.write(move |db| linking::open_slot(db, slot, expires_at)).await
    }

    async fn fill_slot(&self, slot: SlotId, envelope: Vec<u8>, now: Moment) -> Result<()> {
        self.write(move |db| linking::fill_slot(db, slot, &envelope, now)).await
    }

    async fn take_slot(&self, slot: SlotId, now: Moment) -> Result<Option<Vec<u8>>> {
        // Who waits for a slot asks often, and needs the writer only once.
        if !self.read(move |db| linking::is_filled(db, slot, now)).await? {
            return Ok(None);
        }
        self.write(move |db| linking::take_slot(db, slot, now)).await
    }

    async fn create_link_token(&self, token: NewLinkToken) -> Result<DeviceId> {
        self.write(move |db| linking::create_token(db, &token)).await
    }

    async fn redeem_link_token(
        &self,
        hash: TokenHash,
        login: LinkLogin,
        now: Moment,
    ) -> Result<Linked> {
        self.write(move |db| linking::redeem_token(db, hash, login, now)).await
    }

    async fn register_device(&self, registration: Registration) -> Result<Vec<LoginId>> {
        let limits = self.limits;
        self.write(move |db| registration::register(db, &registration, &limits)).await
    }

    async fn devices(&self, account: AccountId) -> Result<Vec<Device>> {
        self.read(move |db| devices::all(db, account)).await
    }

    async fn revoke_device(
        &self,
        account: AccountId,
        device: DeviceId,
        now: Moment,
    ) -> Result<Vec<LoginId>> {
        self.write(move |db| devices::revoke(db, DeviceAddress { account, device }, now)).await
    }

    async fn directory(&self, account: AccountId) -> Result<Option<Directory>> {
        self.read(move |db| devices::directory(db, account)).await
    }

    async fn replace_device_list(&self, list: NewDeviceList) -> Result<Vec<LoginId>> {
        self.write(move |db| registration::replace_list(db, &list)).await
    }

    async fn seen(&self, device: DeviceAddress, now: Moment) -> Result<()> {
        self.write(move |db| devices::seen(db, device, now)).await
    }

    async fn rotate_signed_prekey(
        &self,
        device: DeviceAddress,
        suite: Suite,
        prekey: SignedPrekey,
        now: Moment,
    ) -> Result<()> {
        self.write(move |db| prekeys::rotate(db, device, suite, &prekey, now)).await
    }

    async fn add_prekeys(&self, upload: PrekeyUpload) -> Result<Uploaded> {
        let limits = self.limits;
        self.write(move |db| prekeys::upload(db, &upload, &limits)).await
    }

    async fn prekey_stats(&self, device: DeviceAddress) -> Result<Vec<PrekeyStats>> {
        self.read(move |db| prekeys::stats(db, device)).await
    }

    async fn remove_prekeys(&self, device: DeviceAddress, suite: Suite, below: u32) -> Result<u64> {
        self.write(move |db| prekeys::remove(db, device, suite, below)).await
    }

    async fn keys(&self, account: AccountId) -> Result<Option<AccountKeys>> {
        self.read(move |db| prekeys::of_account(db, account)).await
    }

    async fn claim(&self, claim: Claim) -> Result<Claimed> {
        let limits = self.limits;
        self.write(move |db| claims::claim(db, &claim, &limits)).await
    }

    async fn earlier_claim(&self, claim: Claim) -> Result<Option<Claimed>> {
        self.read(move |db| claims::earlier(db, &claim)).await
    }

    async fn claims(&self, account: AccountId, page: Page) -> Result<Vec<ClaimEntry>> {
        self.read(move |db| claims::logged(db, account, page)).await
    }

    async fn audit(&self, account: AccountId, page: Page) -> Result<AuditLog> {
        self.read(move |db| audit::log(db, account, page)).await
    }

    async fn send(&self, message: NewMessage) -> Result<Sent> {
        let limits = self.limits;
        self.write(move |db| messages::send(db, &message, &limits)).await
    }

    async fn earlier_send(
        &self,
        name: MessageName,
        request_hash: [u8; 32],
    ) -> Result<Option<Sent>> {
        self.read(move |db| messages::earlier(db, name, request_hash)).await
    }

    async fn mailbox(&self, device: DeviceAddress, page: Page, now: Moment) -> Result<Vec<Item>> {
        let shown = self.read(move |db| mailbox::read(db, device, page, now)).await?;
        if !shown.growing {
            return Ok(shown.items);
        }
        self.write(move |db| mailbox::give(db, device, page, now)).await
    }

    async fn acknowledge(
        &self,
        device: DeviceAddress,
        sequences: Vec<u64>,
    ) -> Result<Acknowledged> {
        self.write(move |db| mailbox::acknowledge(db, device, &sequences)).await
    }

    async fn set_status(&self, update: StatusUpdate) -> Result<StatusChanges> {
        self.write(move |db| history::set_status(db, &update)).await
    }

    async fn status(
        &self,
        sender: DeviceAddress,
        message: MessageId,
    ) -> Result<Vec<RecipientStatus>> {
        self.read(move |db| history::status(db, MessageName { sender, id: message })).await
    }

    async fn history(&self, account: AccountId, search: Search) -> Result<Vec<HistoryEntry>> {
        self.read(move |db| history::history(db, account, &search)).await
    }

    async fn conversations(&self, account: AccountId) -> Result<Vec<Conversation>> {
        self.read(move |db| history::conversations(db, account)).await
    }

    async fn delete_message(
        &self,
        sender: DeviceAddress,
        message: MessageId,
        _now: Moment,
    ) -> Result<Vec<DeviceAddress>> {
        self.write(move |db| messages::delete(db, MessageName { sender, id: message })).await
    }

    async fn expire(&self, now: Moment) -> Result<Expired> {
        let limits = self.limits;
        let mut all = Expired::default();
        loop {
            let portion = self.write(move |db| upkeep::expire(db, now, &limits)).await?;
            all.envelopes += portion.done.envelopes;
            all.forgotten += portion.done.forgotten;
            if !portion.more {
                return Ok(all);
            }
        }
    }

    async fn ready(&self) -> Result<()> {
        self.write(|_db| Ok(())).await?;
        self.read(|_db| Ok(())).await
    }
}
