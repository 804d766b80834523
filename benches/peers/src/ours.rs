//! Our own suites, as a program uses them: a record per peer, prekeys in a map.

mod native;
mod prekeys;
mod signal_v3;

pub(crate) use native::Native;
pub(crate) use signal_v3::SignalV3;
