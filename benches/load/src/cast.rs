//! Accounts that know each other, for a program that calls a server by its interface's document alone.

use std::net::SocketAddr;

use anyhow::Result;

use crate::people::Person;

/// One-time prekeys of the peer: more than such a program claims.
const PREKEYS: u32 = 100;
/// Messages that lie in the caller's mailbox.
const MESSAGES: usize = 20;

/// Makes a caller, a peer that offers prekeys and has written to the caller, and two whose logins may end.
///
/// Gives `NAME=VALUE` lines: the tokens, and how the peer is addressed.
pub(crate) async fn make(address: SocketAddr) -> Result<String> {
    let caller = Person::new(address).await?;
    let mut peer = Person::new(address).await?;
    let (leaving, revoked) = (Person::new(address).await?, Person::new(address).await?);
    let prekeys = peer.upload(PREKEYS);
    peer.connection.post("/api/v1/keys/prekeys", prekeys).await?.served()?;
    for _ in 0..MESSAGES {
        let message = caller.message(b"hello");
        peer.connection.post("/api/v1/messages", message).await?.served()?;
    }
    Ok([
        ("COUNTERSIGN_TOKEN", caller.token),
        ("COUNTERSIGN_LOGOUT_TOKEN", leaving.token),
        ("COUNTERSIGN_REVOKE_TOKEN", revoked.token),
        ("COUNTERSIGN_PEER_ACCOUNT", peer.account),
        ("COUNTERSIGN_PEER_INCARNATION", peer.incarnation),
        ("COUNTERSIGN_PEER_LIST_VERSION", peer.list_version.to_string()),
    ]
    .map(|(name, value)| format!("{name}={value}"))
    .join("\n"))
}
