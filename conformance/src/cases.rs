//! All cases, one file per chapter of the specification, in its order: libraries first, then servers.

pub mod boxes;
pub mod fingerprint;
pub mod groups;
pub mod handshake;
pub mod identity;
pub mod native;
pub mod prekeys;
pub mod primitives;
pub mod ratchet;
pub mod secrets;
pub mod server;
pub mod session;
pub mod state;
pub mod wire;

use crate::case::Case;

/// The chapters with their cases; a long chapter is in several parts.
pub const CHAPTERS: &[(&str, &[Case])] = &[
    ("primitives", primitives::CASES),
    ("identity", identity::CASES),
    ("prekeys", prekeys::CASES),
    ("handshake", handshake::CASES),
    ("ratchet", ratchet::CASES),
    ("ratchet", ratchet::order::CASES),
    ("ratchet", ratchet::limits::CASES),
    ("ratchet", ratchet::atomicity::CASES),
    ("session", session::CASES),
    ("native", native::CASES),
    ("groups", groups::CASES),
    ("boxes", boxes::CASES),
    ("state", state::CASES),
    ("secrets", secrets::CASES),
    ("fingerprint", fingerprint::CASES),
    ("wire", wire::CASES),
    ("server/http", server::http::CASES),
    ("server/http", server::shapes::CASES),
    ("server/http", server::transport::CASES),
    ("server/authentication", server::authentication::CASES),
    ("server/authentication", server::tokens::CASES),
    ("server/devices", server::linking::CASES),
    ("server/devices", server::devices::CASES),
    ("server/devices", server::revocation::CASES),
    ("server/key-service", server::registration::CASES),
    ("server/key-service", server::stock::CASES),
    ("server/key-service", server::claims::CASES),
    ("server/audit", server::audit::CASES),
    ("server/delivery", server::delivery::CASES),
    ("server/delivery", server::delivery::repeats::CASES),
    ("server/delivery", server::delivery::content::CASES),
    ("server/delivery", server::delivery::crash::CASES),
    ("server/delivery", server::mailbox::CASES),
    ("server/delivery", server::mailbox::pages::CASES),
    ("server/delivery", server::mailbox::acknowledging::CASES),
    ("server/delivery", server::mailbox::losses::CASES),
    ("server/delivery", server::mailbox::crash::CASES),
    ("server/delivery", server::status::CASES),
    ("server/delivery", server::status::deleting::CASES),
    ("server/delivery", server::status::history::CASES),
    ("server/realtime", server::realtime::CASES),
    ("server/realtime", server::realtime::order::CASES),
    ("server/realtime", server::realtime::window::CASES),
    ("server/realtime", server::realtime::frames::CASES),
    ("server/realtime", server::realtime::hints::CASES),
    ("server/realtime", server::realtime::closing::CASES),
    ("server/rate-limits", server::limits::claims::CASES),
    ("server/rate-limits", server::limits::sends::CASES),
    ("server/rate-limits", server::limits::logins::CASES),
    ("server/operations", server::operations::CASES),
    ("server/contract", server::contract::CASES),
];

/// Every case, in the order of the specification.
pub fn all() -> impl Iterator<Item = &'static Case> {
    CHAPTERS.iter().flat_map(|(_, cases)| cases.iter())
}
