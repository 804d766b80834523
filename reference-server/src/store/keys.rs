//! Prekeys, claims and the audit log: what the store takes and gives.

use serde::{Deserialize, Serialize};

use crate::{ids::*, store::accounts::LiveDevice};

/// A part of a list: what comes after a number, at most so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The last number already seen; 0 for the first page.
    pub after: u64,
    /// At most so many.
    pub limit: u32,
}

/// A signed prekey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPrekey {
    /// 1 to 16777215.
    pub id: u32,
    /// 33 bytes.
    pub public: [u8; 33],
    /// 64 bytes.
    pub signature: [u8; 64],
}

/// A one-time prekey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimePrekey {
    /// 1 to 16777215.
    pub id: u32,
    /// 33 bytes.
    pub public: [u8; 33],
    /// 64 bytes in suites that sign them.
    pub signature: Option<[u8; 64]>,
}

/// The prekeys of a device for one suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteKeys {
    /// Which suite.
    pub suite: Suite,
    /// The signed prekey.
    pub signed: SignedPrekey,
    /// One-time prekeys, in upload order.
    pub one_time: Vec<OneTimePrekey>,
}

/// One-time prekeys to be added.
#[derive(Clone, Debug)]
pub struct PrekeyUpload {
    /// Whose.
    pub device: DeviceAddress,
    /// Of which suite.
    pub suite: Suite,
    /// In the order in which they are to be given out.
    pub one_time: Vec<OneTimePrekey>,
    /// What is refused already. Ids that are malformed, out of range or twice in the request are here only; those
    /// with a bad signature are in `one_time` too, because a conflict of ids is named before it.
    pub refused: Vec<RefusedPrekey>,
    /// Replaces all unclaimed ones, and the signed prekey by this one.
    pub replace: Option<SignedPrekey>,
    /// When.
    pub now: Moment,
}

/// What an upload did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Stored now.
    pub accepted: Vec<u32>,
    /// Held or given out, with the same key.
    pub already_present: Vec<u32>,
}

/// Counts of one suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrekeyStats {
    /// Which suite.
    pub suite: Suite,
    /// How many are left.
    pub one_time_prekeys: u64,
    /// How many were given out.
    pub issued: u64,
    /// Id of the signed prekey.
    pub signed_id: u32,
    /// When it was uploaded.
    pub signed_at: Moment,
}

/// The keys of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountKeys {
    /// 33 bytes.
    pub identity_key: [u8; 33],
    /// As it came.
    pub list: Vec<u8>,
    /// Its version.
    pub version: u64,
    /// Live devices with their signed prekeys.
    pub devices: Vec<(LiveDevice, Vec<(Suite, SignedPrekey)>)>,
}

/// A claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Who claims.
    pub by: DeviceAddress,
    /// Unique per claiming device.
    pub id: ClaimId,
    /// Whose prekeys.
    pub account: AccountId,
    /// Of which suite.
    pub suite: Suite,
    /// Of which devices; all live ones when left out.
    pub devices: Option<Vec<DeviceId>>,
    /// When.
    pub now: Moment,
}

/// What a claim gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// 33 bytes.
    pub identity_key: [u8; 33],
    /// As it came.
    pub list: Vec<u8>,
    /// Its version.
    pub version: u64,
    /// One bundle per device.
    pub bundles: Vec<ClaimedBundle>,
    /// Whether it is the answer to an earlier request with the same id.
    pub repeated: bool,
}

/// A bundle of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedBundle {
    /// The device.
    pub device: LiveDevice,
    /// Its signed prekey.
    pub signed: SignedPrekey,
    /// Taken for this claim; `None` when none was left.
    pub one_time: Option<OneTimePrekey>,
    /// How many are left after the claim.
    pub left: u64,
}

/// A line of the account's own list of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimEntry {
    /// Its number, from 1.
    pub sequence: u64,
    /// When.
    pub at: Moment,
    /// Whose prekey.
    pub device: DeviceId,
    /// Of which suite.
    pub suite: Suite,
    /// Which prekey; `None` when none was left.
    pub prekey: Option<u32>,
    /// Who took it.
    pub by: AccountId,
}

/// A part of the audit log and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLog {
    /// In order.
    pub entries: Vec<AuditEntry>,
    /// Number of the last entry there is, 0 without one.
    pub last: u64,
    /// Hash of the last entry there is.
    pub last_hash: [u8; 32],
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// From 1, without holes.
    pub sequence: u64,
    /// When.
    pub at: Moment,
    /// Kind and fields, canonical.
    pub payload: Vec<u8>,
    /// Over everything before and this.
    pub hash: [u8; 32],
}

/// A one-time prekey that was not acceptable, as `rejected` of `prekeys_rejected` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedPrekey {
    /// Its id.
    pub id: u32,
    /// Why.
    pub code: PrekeyRefusal,
}

/// Why a one-time prekey was not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrekeyRefusal {
    /// A known id with another key.
    PrekeyIdConflict,
    /// An unknown id that is not higher than all before.
    PrekeyIdRollback,
    /// Not 1 to 16777215.
    PrekeyIdOutOfRange,
    /// Missing, superfluous or wrong.
    PrekeySignatureInvalid,
    /// Not a public key.
    PrekeyMalformed,
    /// The id is in the request twice.
    DuplicateInRequest,
}
