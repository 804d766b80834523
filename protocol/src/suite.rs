//! The numbers of suites, and their order in the upgrade path. Spec: `spec/records.md#levels`.

use core::fmt;

/// The registered number of a suite, known to this program or not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SuiteId(pub u16);

impl SuiteId {
    /// `box-xsalsa20`.
    pub const BOX_XSALSA20: Self = Self(0x0101);
    /// `box-xchacha20`.
    pub const BOX_XCHACHA20: Self = Self(0x0102);
    /// `signal-v3`.
    pub const SIGNAL_V3: Self = Self(0x0303);
    /// `signal-v4`.
    pub const SIGNAL_V4: Self = Self(0x0304);
    /// `ratchet-chacha20`.
    pub const RATCHET_CHACHA20: Self = Self(0x0311);
    /// `ratchet-pq`.
    pub const RATCHET_PQ: Self = Self(0x0312);

    /// The suites of the upgrade path, the most preferred first.
    pub const BY_PREFERENCE: [Self; 6] = [
        Self::RATCHET_PQ,
        Self::SIGNAL_V4,
        Self::RATCHET_CHACHA20,
        Self::SIGNAL_V3,
        Self::BOX_XCHACHA20,
        Self::BOX_XSALSA20,
    ];

    /// The suite's level. `None` for a suite outside the upgrade path.
    pub const fn level(self) -> Option<Level> {
        match self {
            Self::BOX_XSALSA20 | Self::BOX_XCHACHA20 => Some(Level::Box),
            Self::SIGNAL_V3 | Self::RATCHET_CHACHA20 => Some(Level::Ratchet),
            Self::SIGNAL_V4 | Self::RATCHET_PQ => Some(Level::PostQuantum),
            _ => None,
        }
    }

    /// The most preferred suite that both sides offer. `None` when they have none in common.
    pub fn preferred(own: &[Self], theirs: &[Self]) -> Option<Self> {
        let offered = |suite: &Self| own.contains(suite) && theirs.contains(suite);
        Self::BY_PREFERENCE.into_iter().find(offered)
    }

    /// The highest level among `suites`. `None` when none of them is in the upgrade path.
    pub fn highest_level(suites: &[Self]) -> Option<Level> {
        suites.iter().filter_map(|suite| suite.level()).max()
    }
}

impl fmt::Debug for SuiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SuiteId({:#06x})", self.0)
    }
}

/// How much the suites of the upgrade path protect. Two devices go up and never down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Level 1: static boxes.
    Box,
    /// Level 2: the ratchet.
    Ratchet,
    /// Level 3: the ratchet with post-quantum key agreement.
    PostQuantum,
}

impl Level {
    /// The level's number: 1 to 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::Box => 1,
            Self::Ratchet => 2,
            Self::PostQuantum => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preference_goes_down_the_levels() {
        let levels = SuiteId::BY_PREFERENCE.map(SuiteId::level);
        assert!(levels.is_sorted_by(|higher, lower| higher >= lower));
        assert!(levels.iter().all(Option::is_some));
    }

    #[test]
    fn the_best_common_suite_is_preferred() {
        let own = [SuiteId::BOX_XSALSA20, SuiteId::SIGNAL_V3, SuiteId::RATCHET_CHACHA20];
        let theirs = [SuiteId::BOX_XSALSA20, SuiteId::SIGNAL_V3, SuiteId::SIGNAL_V4];
        assert_eq!(SuiteId::preferred(&own, &theirs), Some(SuiteId::SIGNAL_V3));
        assert_eq!(SuiteId::preferred(&own, &[SuiteId(0x0401)]), None);
    }
}
