//! How much of what the real world sends is accepted.

/// The profile of a version-3 party. Native suites are always strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// What libsignal 0.72.1 accepts, byte for byte.
    Compatible,
    /// Canonical keys of exact length only, no all-zero agreement, no replayed first message.
    #[default]
    Strict,
}
