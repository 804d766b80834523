//! Suite ratchet-chacha20.
//! Spec: spec/native.md

use std::collections::VecDeque;

use super::keys::Public;
use super::state::dump_struct;

/// What a session of this suite has beyond the shared fields.
#[derive(Clone, Default)]
pub struct NativePart {
    pub session_id: [u8; 32],
    /// ((ratchet key, counter), seed), oldest stored first.
    pub seeds: VecDeque<((Public, u32), [u8; 32])>,
}

dump_struct!(NativePart { session_id, seeds });
