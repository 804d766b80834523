//! The client against the reference server, in one process or as a command.

mod conversations;
mod crashes;
mod devices;
mod losses;
mod server;
