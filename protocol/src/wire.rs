//! Wire formats of the version-3 suite: messages are borrowed views of the bytes received.

pub(crate) mod fixed;
pub(crate) mod protobuf;
