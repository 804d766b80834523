//! Operations `fingerprint.*`, `box.*` and `group.*`.

use super::Op;

pub const OPS: &[(&str, Op)] = &[];
pub const CAPABILITIES: &[&str] = &[];
