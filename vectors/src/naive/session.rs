//! Session records: which session a message belongs to, and the order of checks. Both suites.
//! Spec: spec/session.md

use super::bugs::Bug;
use super::fault::{Code, Fault, Outcome};
use super::keys::{Public, decode_public};
use super::party::{Address, Bundle, Party, Session, Suite};
use super::primitives::Draws;
use super::{native, x3dh};

pub mod opening;
pub mod receiving;
pub mod record;
pub mod sending;

use receiving::decrypt_as;
pub use record::record_key;
use record::{archive_current, make_current, no_session, record_of, store};
use sending::seal_next;

/// Archived sessions kept beside the current one.
pub const ARCHIVED_KEPT: usize = 40;
/// Age in seconds up to which an unanswered session may be used for sending: 30 days.
pub const UNANSWERED_SECONDS: u64 = 30 * 24 * 60 * 60;

/// Message type of ratchet messages.
pub const RATCHET: u8 = 2;
/// Message type of prekey (handshake) messages.
pub const PREKEY: u8 = 3;

/// A first message, decoded: what both suites need of it.
#[derive(Clone, Debug)]
pub struct Opening {
    pub identity: Public,
    pub base_key: Public,
    pub registration_id: u32,
    pub signed_prekey_id: u32,
    pub one_time_prekey_id: Option<u32>,
    /// The whole ratchet message.
    pub message: Vec<u8>,
    /// Initiator and responder as the message names them. Suite ratchet-chacha20 only.
    pub names: Option<(native::wire::DeviceName, native::wire::DeviceName)>,
}

/// What `encrypt` gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// [`RATCHET`] or [`PREKEY`].
    pub kind: u8,
    pub bytes: Vec<u8>,
}

/// Begins a session from a bundle.
pub fn initiate(
    party: &mut Party,
    peer: &Address,
    bundle: &Bundle,
    now_ms: u64,
    draws: &mut Draws,
) -> Outcome<()> {
    party.attempt(|party| {
        let bugs = party.bugs;
        let outcome = begin(party, peer, bundle, now_ms, draws);
        if outcome.is_err() && bugs.has(Bug::Prekey10BundleArchivesEarly) {
            let mut record = record_of(party, peer).cloned().unwrap_or_default();
            archive_current(&mut record, bugs);
            store(party, peer, record);
            party.leaks = true;
        }
        let session = outcome?;
        let mut record = record_of(party, peer).cloned().unwrap_or_default();
        let identity = session.remote_identity;
        make_current(&mut record, session, bugs);
        store(party, peer, record);
        party.identities.insert((peer.name.clone(), peer.device_id), identity);
        Ok(())
    })
}

fn begin(
    party: &mut Party,
    peer: &Address,
    bundle: &Bundle,
    now_ms: u64,
    draws: &mut Draws,
) -> Outcome<Session> {
    let bugs = party.bugs;
    let identity = decode_public(&bundle.identity_key, party.profile, bugs)?;
    if bugs.has(Bug::Prekey3SignatureBeforeTrust) && party.suite == Suite::SignalV3 {
        x3dh::check_signature(party, bundle, &identity)?;
    }
    if party.suite == Suite::RatchetChacha20 {
        native::check_bundle(party, peer, bundle)?;
    }
    check_trust(party, peer, &identity)?;
    record_too_early(party, peer, &identity);
    match party.suite {
        Suite::SignalV3 => x3dh::initiate(party, bundle, &identity, now_ms, draws),
        Suite::RatchetChacha20 => native::initiate(party, peer, bundle, &identity, now_ms, draws),
    }
}

/// Encrypts one message in the current session.
pub fn encrypt(
    party: &mut Party,
    peer: &Address,
    plaintext: &[u8],
    now_ms: u64,
    draws: &mut Draws,
) -> Outcome<Sealed> {
    party.attempt(|party| seal_next(party, peer, plaintext, now_ms, draws))
}

/// Encrypts the same plaintext `count` times and returns the messages with the kept indices.
pub fn encrypt_many(
    party: &mut Party,
    peer: &Address,
    plaintext: &[u8],
    count: u32,
    keep: &[u32],
    now_ms: u64,
    draws: &mut Draws,
) -> Outcome<Vec<(u32, Sealed)>> {
    party.attempt(|party| {
        let mut kept = Vec::new();
        for index in 0..count {
            let sealed = seal_next(party, peer, plaintext, now_ms, draws)?;
            if keep.contains(&index) {
                kept.push((index, sealed));
            }
        }
        Ok(kept)
    })
}

/// Decrypts a message of the given type.
pub fn decrypt(
    party: &mut Party,
    peer: &Address,
    kind: u8,
    bytes: &[u8],
    draws: &mut Draws,
) -> Outcome<Vec<u8>> {
    party.attempt(|party| {
        let first = decrypt_as(party, peer, kind, bytes, draws);
        if !party.bugs.has(Bug::Session22DecoderGuessed) {
            return first;
        }
        let other = if kind == PREKEY { RATCHET } else { PREKEY };
        first.or_else(|refusal| decrypt_as(party, peer, other, bytes, draws).map_err(|_| refusal))
    })
}

/// Another identity key than the trusted one of this name and device is refused.
pub fn check_trust(party: &Party, peer: &Address, identity: &Public) -> Outcome<()> {
    let trusted = party.identities.get(&(peer.name.clone(), peer.device_id));
    let silent = party.bugs.has(Bug::Identity13SilentReplacement);
    if trusted.is_some_and(|trusted| trusted != identity) && !silent {
        return Err(Fault::new(Code::UntrustedIdentity, "another identity key is trusted"));
    }
    Ok(())
}

fn record_too_early(party: &mut Party, peer: &Address, identity: &Public) {
    if party.bugs.has(Bug::Identity14RecordedTooEarly) {
        party.identities.insert((peer.name.clone(), peer.device_id), *identity);
        party.leaks = true;
    }
}

/// Archives the current session with `peer`.
pub fn archive(party: &mut Party, peer: &Address) -> Outcome<()> {
    let peer = record_key(party, peer);
    let bugs = party.bugs;
    let record = party.records.get_mut(&peer).ok_or_else(|| no_session(bugs))?;
    archive_current(record, bugs);
    Ok(())
}

/// Forgets all sessions with `peer`.
pub fn delete(party: &mut Party, peer: &Address) {
    let peer = record_key(party, peer);
    party.records.remove(&peer);
    if party.bugs.has(Bug::Native21ReplayCacheDropped) {
        party.replays.clear();
    }
}
