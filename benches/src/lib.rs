//! Countersign's hot paths as a program uses them, for the criterion benches in `benches/hot_paths.rs` and for the
//! comparison in `benches/peers`: a device that keeps its prekeys in memory and talks to one peer.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that fails has to stop")]

pub mod chat;
pub mod native;
mod prekeys;
pub mod signal_v3;

pub use native::Native;
pub use signal_v3::SignalV3;
