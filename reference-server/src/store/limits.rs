//! How much a store keeps, and for how long.

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// How much a store keeps, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Envelopes in one mailbox. Gaps do not count; when there are more of them than this, neighbours are merged.
    pub mailbox_items: u32,
    /// Bytes of content in one mailbox.
    pub mailbox_bytes: u64,
    /// Unclaimed one-time prekeys of a device and suite.
    pub one_time_prekeys: u32,
    /// For how long the answer to a claim is kept.
    pub claim_millis: u64,
    /// For how long it is kept who claimed, and who wrote to whom. A message id is known at least as long.
    pub history_millis: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mailbox_items: 1000,
            mailbox_bytes: 64 << 20,
            one_time_prekeys: 1000,
            claim_millis: 31 * DAY_MILLIS,
            history_millis: 365 * DAY_MILLIS,
        }
    }
}
