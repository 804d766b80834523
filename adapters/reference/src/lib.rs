//! The reference library behind the adapter line protocol.
