//! The reference client: a device of a Countersign account, as a program would use it.
//!
//! A [`Client`] is a [`Vault`], which holds everything that the device knows, sealed, and a
//! [`Transport`], which reaches the server. All rules of the protocol are in
//! `countersign-protocol`; here is what a device needs around them: durability, retries, and the
//! order of things, so that nothing that was acknowledged is lost and nothing arrives twice.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//! use countersign_client::{Client, HttpTransport, KeyCost, SUITES, Vault};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let vault = Vault::create(Path::new("alice.vault"), "a passphrase", KeyCost::default())?;
//! let transport = Arc::new(HttpTransport::new("https://chat.example")?);
//! let alice = Client::new(vault, transport);
//! alice.sign_up("alice", "a password", None, &SUITES).await?;
//!
//! let bob = alice.find_account("bob").await?;
//! alice.send(bob, "hello, Bob").await?;
//! for incoming in alice.receive().await? {
//!     println!("{incoming:?}");
//! }
//! # Ok(())
//! # }
//! ```

mod api;
mod client;
mod clock;
mod error;
mod transport;
mod vault;

use countersign_protocol::suite::SuiteId;

pub use api::{Account, Binary, Suite};
pub use client::{
    Client, Contact, Device, Event, Finding, Incoming, Listening, Message, NewDevice, OwnAccount,
    OwnDevice, Rotated, SafetyNumber, SecurityEvent, Sent, Status, Verdict,
};
pub use error::{ClientError, Refusal, Result};
pub use transport::{Answer, HttpTransport, Patience, Request, Socket, Transport, TransportError};
pub use vault::{KeyCost, Vault, VaultError};

/// The suites that this client speaks, ascending.
pub const SUITES: [SuiteId; 4] =
    [SuiteId::BOX_XSALSA20, SuiteId::BOX_XCHACHA20, SuiteId::SIGNAL_V3, SuiteId::RATCHET_CHACHA20];

/// The device's clock as the interface writes times: RFC 3339, UTC, milliseconds.
pub fn time_text(millis: u64) -> String {
    clock::to_text(countersign_protocol::ids::UnixMillis(millis))
}
