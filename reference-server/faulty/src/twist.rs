//! Around the store: every operation is the honest one unless a mutant has its own.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_server::{
    config::Limits,
    ids::*,
    store::{Result, Store, accounts::*, keys::*, messages::*},
};

use crate::database::Database;

/// The honest store and the way past it.
pub(crate) struct Honest {
    /// The store.
    pub(crate) store: Arc<dyn Store>,
    /// Its database.
    pub(crate) db: Arc<Database>,
    /// The bounds of the server.
    pub(crate) limits: Limits,
}

/// The honest store with one twist.
pub(crate) struct Twisted {
    /// What is asked.
    pub(crate) honest: Honest,
    /// What answers instead.
    pub(crate) twist: Box<dyn Twist>,
}

macro_rules! operations {
    ($($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)+) => {
        /// A store's operations with the honest one at hand. Those that a mutant leaves out are honest.
        #[async_trait]
        pub(crate) trait Twist: Send + Sync + 'static {$(
            async fn $name(&self, honest: &Honest, $($arg: $type),*) -> Result<$out> {
                honest.store.$name($($arg),*).await
            }
        )+}

        #[async_trait]
        impl Store for Twisted {
            async fn credentials(&self, username: &str) -> Result<Option<Credentials>> {
                self.honest.store.credentials(username).await
            }
            $(
                async fn $name(&self, $($arg: $type),*) -> Result<$out> {
                    self.twist.$name(&self.honest, $($arg),*).await
                }
            )+
        }
    };
}

operations! {
    create_account(account: NewAccount, login: NewLogin) -> ();
    account(account: AccountId) -> Option<Account>;
    create_login(login: NewLogin, proof: Option<DeviceProof>) -> ();
    refresh(refresh: Refresh) -> Refreshed;
    revoke_login(login: LoginId, now: Moment) -> ();
    login(login: LoginId) -> Option<Login>;
    put_ticket(ticket: Ticket) -> ();
    take_ticket(hash: TokenHash, now: Moment) -> Option<Ticket>;
    open_slot(slot: SlotId, expires_at: Moment) -> ();
    fill_slot(slot: SlotId, envelope: Vec<u8>, now: Moment) -> ();
    take_slot(slot: SlotId, now: Moment) -> Option<Vec<u8>>;
    create_link_token(token: NewLinkToken) -> DeviceId;
    redeem_link_token(hash: TokenHash, login: LinkLogin, now: Moment) -> Linked;
    register_device(registration: Registration) -> Vec<LoginId>;
    devices(account: AccountId) -> Vec<Device>;
    revoke_device(account: AccountId, device: DeviceId, now: Moment) -> Vec<LoginId>;
    directory(account: AccountId) -> Option<Directory>;
    replace_device_list(list: NewDeviceList) -> Vec<LoginId>;
    seen(device: DeviceAddress, now: Moment) -> ();
    rotate_signed_prekey(device: DeviceAddress, suite: Suite, prekey: SignedPrekey, now: Moment) -> ();
    add_prekeys(upload: PrekeyUpload) -> Uploaded;
    prekey_stats(device: DeviceAddress) -> Vec<PrekeyStats>;
    remove_prekeys(device: DeviceAddress, suite: Suite, below: u32) -> u64;
    keys(account: AccountId) -> Option<AccountKeys>;
    claim(claim: Claim) -> Claimed;
    earlier_claim(claim: Claim) -> Option<Claimed>;
    claims(account: AccountId, page: Page) -> Vec<ClaimEntry>;
    audit(account: AccountId, page: Page) -> AuditLog;
    send(message: NewMessage) -> Sent;
    earlier_send(name: MessageName, request_hash: [u8; 32]) -> Option<Sent>;
    mailbox(device: DeviceAddress, page: Page, now: Moment) -> Vec<Item>;
    acknowledge(device: DeviceAddress, sequences: Vec<u64>) -> Acknowledged;
    set_status(update: StatusUpdate) -> StatusChanges;
    status(sender: DeviceAddress, message: MessageId) -> Vec<RecipientStatus>;
    history(account: AccountId, search: Search) -> Vec<HistoryEntry>;
    conversations(account: AccountId) -> Vec<Conversation>;
    delete_message(sender: DeviceAddress, message: MessageId, now: Moment) -> Vec<DeviceAddress>;
    expire(now: Moment) -> Expired;
    ready() -> ();
}
