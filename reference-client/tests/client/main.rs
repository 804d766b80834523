//! The client against the reference server, in one process or as a command.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and says how much it did"
)]

mod conversations;
mod crashes;
mod devices;
mod losses;
mod server;
