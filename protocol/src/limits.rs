//! The limits of the version-3 suite and of records. Spec: `spec/limits.md`.

/// How far ahead of its chain a message may be.
pub const FORWARD_JUMP_MAX: u32 = 25_000;
/// Unused seeds kept per receiver chain; the oldest goes first.
pub const STORED_SEEDS_MAX: usize = 2_000;
/// Receiver chains kept per session; the oldest goes first.
pub const RECEIVER_CHAINS_MAX: usize = 5;
/// Archived sessions kept per peer device, beside the current one; the oldest goes first.
pub const ARCHIVED_SESSIONS_MAX: usize = 40;
/// Age beyond which a session that was never answered is not used for sending.
pub const UNANSWERED_SECONDS_MAX: u64 = 30 * 24 * 60 * 60;
/// Devices in a list, closed ones included.
pub const DEVICES_MAX: usize = 127;
/// Suites of a device in a list.
pub const SUITES_MAX: usize = 255;
/// The highest version of a device list: every number up to it is exact in JSON.
pub const LIST_VERSION_MAX: u64 = (1 << 53) - 1;
/// The highest registration id; the lowest is 1.
pub const REGISTRATION_ID_MAX: u32 = 16_380;
