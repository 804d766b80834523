//! What an operation decides, for every engine the same: pure functions over what was read.

pub(super) mod answers;
pub(super) mod lists;
pub(super) mod uploads;
