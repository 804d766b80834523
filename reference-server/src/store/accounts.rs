//! Accounts, logins, devices, links: what the store takes and gives.

use countersign_protocol::device_list::SignedDeviceList;

use crate::{ids::*, store::keys::SuiteKeys};

/// A new account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its id.
    pub id: AccountId,
    /// Its unique name.
    pub username: String,
    /// A PHC string.
    pub password_hash: String,
    /// When.
    pub created_at: Moment,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its unique name.
    pub username: String,
    /// When it was made.
    pub created_at: Moment,
    /// Once a device is registered; 33 bytes.
    pub identity_key: Option<[u8; 33]>,
    /// Version of the device list, 0 without one.
    pub device_list_version: u64,
}

/// What a password is checked against.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose.
    pub account: AccountId,
    /// A PHC string.
    pub password_hash: String,
}

/// A login: a refresh token and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its id.
    pub id: LoginId,
    /// Whose.
    pub account: AccountId,
    /// The device it is bound to.
    pub device: Option<DeviceId>,
    /// The only device id it may register, when it came from a link.
    pub reserved: Option<DeviceId>,
    /// No token of it is valid any more.
    pub revoked: bool,
}

/// A new login.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// Its id.
    pub id: LoginId,
    /// Whose.
    pub account: AccountId,
    /// The device it is bound to.
    pub device: Option<DeviceId>,
    /// Of its first refresh token.
    pub refresh: TokenHash,
    /// When that token ends.
    pub expires_at: Moment,
    /// When.
    pub created_at: Moment,
}

/// The nonce of a verified signature, used up by the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceProof {
    /// Which device was proved.
    pub device: DeviceId,
    /// Which installation of it.
    pub incarnation: Incarnation,
    /// 16 bytes of the caller.
    pub nonce: [u8; 16],
    /// Until when a repeat has to be noticed.
    pub forget_at: Moment,
}

/// A refresh token and its successor.
#[derive(Clone, Copy, Debug)]
pub struct Refresh {
    /// The token shown.
    pub presented: TokenHash,
    /// What replaces it.
    pub successor: TokenHash,
    /// When the successor ends.
    pub expires_at: Moment,
    /// Until when after its first use the same token gives the same successor, while that is unused.
    pub grace_millis: u64,
    /// When.
    pub now: Moment,
}

/// What became of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The successor is valid now, for the first time or once more within the grace.
    Valid {
        /// Whose successor.
        login: Login,
        /// When the successor ends.
        expires_at: Moment,
    },
    /// The token was used before: its login is revoked now.
    Reused(LoginId),
    /// Unknown, expired or revoked.
    Invalid,
}

/// A ticket for one WebSocket connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Of the ticket's text.
    pub hash: TokenHash,
    /// Who may connect.
    pub device: DeviceAddress,
    /// By which login.
    pub login: LoginId,
    /// Until when.
    pub expires_at: Moment,
}

/// A link token to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewLinkToken {
    /// Of the token's text.
    pub hash: TokenHash,
    /// Whose device it will be.
    pub account: AccountId,
    /// Until when.
    pub expires_at: Moment,
    /// When.
    pub now: Moment,
}

/// The login that a link token becomes.
#[derive(Clone, Copy, Debug)]
pub struct LinkLogin {
    /// Its id.
    pub id: LoginId,
    /// Of its first refresh token.
    pub refresh: TokenHash,
    /// When that token ends.
    pub expires_at: Moment,
}

/// What a link token stood for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub username: String,
    /// The device id kept for it.
    pub reserved: DeviceId,
}

/// A device as its account sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its installation.
    pub incarnation: Incarnation,
    /// Of its installation.
    pub registration_id: u32,
    /// When it was registered.
    pub registered_at: Moment,
    /// When it was heard of last.
    pub last_seen_at: Option<Moment>,
    /// Cut off by its account.
    pub revoked: bool,
    /// Its entry in the signed list is closed.
    pub closed: bool,
}

/// A device to be registered. Every signature in it was verified.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Which device.
    pub device: DeviceAddress,
    /// By which login, which is bound to the device from now on. `login_bound`, `device_id_not_reserved`.
    pub login: LoginId,
    /// A further refresh token of the login. Those before stay valid, so that a lost answer locks nobody out.
    pub refresh: TokenHash,
    /// When that token ends.
    pub refresh_expires_at: Moment,
    /// Its installation.
    pub incarnation: Incarnation,
    /// Of its installation.
    pub registration_id: u32,
    /// 33 bytes. Another one than the account's: `identity_mismatch`.
    pub identity_key: [u8; 33],
    /// The list that names it: another list than the held one in the entry of this device only.
    pub list: SignedDeviceList,
    /// Prekeys by suite.
    pub prekeys: Vec<SuiteKeys>,
    /// 16 bytes of the caller. `nonce_reused`.
    pub nonce: [u8; 16],
    /// Until when a repeat has to be noticed.
    pub nonce_forget_at: Moment,
    /// When.
    pub now: Moment,
}

/// A signed device list that is to take the place of the held one.
#[derive(Clone, Debug)]
pub struct NewDeviceList {
    /// Whose.
    pub account: AccountId,
    /// The list; its signature was verified when it was decoded.
    pub list: SignedDeviceList,
    /// When.
    pub now: Moment,
}

/// The signed device list and who is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// 33 bytes.
    pub identity_key: [u8; 33],
    /// As it came, the signature included.
    pub list: Vec<u8>,
    /// Its version.
    pub version: u64,
    /// Registered, not revoked, not closed.
    pub live: Vec<LiveDevice>,
}

/// A device that messages are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveDevice {
    /// Its id.
    pub id: DeviceId,
    /// Its installation.
    pub incarnation: Incarnation,
    /// Of its installation.
    pub registration_id: u32,
}
