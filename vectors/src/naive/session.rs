//! Session records: which session a message belongs to, and the order of checks. Both suites.
//! Spec: spec/session.md

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::keys::{Profile, Public, decode_public};
use super::party::{Address, Bundle, Party, Record, Session, Suite};
use super::primitives::Draws;
use super::wire::{PrekeyParts, encode_prekey_message};
use super::{native, ratchet, wire, x3dh};

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

/// Encrypts in place; `party` is a working copy.
fn seal_next(
    party: &mut Party,
    peer: &Address,
    plaintext: &[u8],
    now_ms: u64,
    draws: &mut Draws,
) -> Outcome<Sealed> {
    let bugs = party.bugs;
    let key = record_key(party, peer);
    let mut session = party
        .records
        .get_mut(&key)
        .and_then(|record| record.current.take())
        .ok_or_else(|| no_session(bugs))?;
    let allowed = check_sendable(&session, now_ms, bugs)
        .and_then(|()| check_trust(party, peer, &session.remote_identity));
    let refused_too = bugs.has(Bug::Session23RefusedSendAdvances);
    if !refused_too {
        allowed.clone()?;
    }
    let message = match party.suite {
        Suite::SignalV3 => {
            ratchet::encrypt(&mut session, plaintext, party.version_byte, draws, bugs)?
        }
        Suite::RatchetChacha20 => native::encrypt(&mut session, plaintext, bugs)?,
    };
    let sealed = wrap(party, peer, &session, message);
    if bugs.has(Bug::Session1PrekeyMessageOnce) {
        session.pending = None;
    }
    let identity = session.remote_identity;
    if let Some(record) = party.records.get_mut(&key) {
        record.current = Some(session);
    }
    if let Err(refusal) = allowed {
        party.leaks = true;
        return Err(refusal);
    }
    party.identities.insert((peer.name.clone(), peer.device_id), identity);
    Ok(sealed)
}

/// Puts a prekey message around a ratchet message while the session is unanswered.
fn wrap(party: &Party, peer: &Address, session: &Session, message: Vec<u8>) -> Sealed {
    let bugs = party.bugs;
    let Some(pending) = &session.pending else {
        return Sealed { kind: RATCHET, bytes: message };
    };
    if party.suite == Suite::RatchetChacha20 {
        return Sealed {
            kind: PREKEY,
            bytes: native::wrap(party, peer, session, pending, message),
        };
    }
    let no_id = bugs.has(Bug::Handshake8RegistrationIdZero);
    let version_byte = if bugs.has(Bug::Wire1OldVersionByte) { 0x33 } else { party.version_byte };
    let parts = PrekeyParts {
        version_byte,
        one_time_prekey_id: pending.one_time_prekey_id,
        base_key: session.base_key.to_vec(),
        identity_key: session.local_identity.to_vec(),
        message,
        registration_id: if no_id { 0 } else { party.registration_id },
        signed_prekey_id: pending.signed_prekey_id,
    };
    Sealed { kind: PREKEY, bytes: encode_prekey_message(&parts, bugs) }
}

fn check_sendable(session: &Session, now_ms: u64, bugs: Bugs) -> Outcome<()> {
    let Some(pending) = &session.pending else {
        return Ok(());
    };
    let age = (now_ms / 1000).saturating_sub(pending.begun_ms / 1000);
    let allowed = match bugs.0 {
        Some(Bug::Session13NoExpiry) => u64::MAX,
        Some(Bug::Session14ExpiresEarly) => 29 * 24 * 60 * 60,
        _ => UNANSWERED_SECONDS,
    };
    if age > allowed {
        return Err(Fault::new(Code::NoSession, "unanswered for more than 30 days"));
    }
    Ok(())
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

fn decrypt_as(
    party: &mut Party,
    peer: &Address,
    kind: u8,
    bytes: &[u8],
    draws: &mut Draws,
) -> Outcome<Vec<u8>> {
    if kind == PREKEY {
        return decrypt_prekey(party, peer, bytes, draws);
    }
    check_decodable(party, bytes)?;
    decrypt_ratchet(party, peer, bytes, draws)
}

/// The errors of decoding a ratchet message, which come before all others.
fn check_decodable(party: &Party, bytes: &[u8]) -> Outcome<()> {
    match party.suite {
        Suite::SignalV3 => {
            wire::decode_ratchet_message(bytes, party.profile, party.bugs).map(|_| ())
        }
        Suite::RatchetChacha20 => native::check_message(bytes, party),
    }
}

/// Decrypts in one session: its working copy. A refusal is `duplicate_message`, `rng_exhausted`
/// or `invalid_message`.
fn open(party: &Party, session: &mut Session, bytes: &[u8], draws: &mut Draws) -> Outcome<Vec<u8>> {
    let (profile, bugs) = (party.profile, party.bugs);
    let opened = match party.suite {
        Suite::SignalV3 => wire::decode_ratchet_message(bytes, profile, bugs)
            .and_then(|message| ratchet::decrypt(session, &message, profile, draws, bugs)),
        Suite::RatchetChacha20 => native::decrypt(session, bytes, draws, bugs),
    };
    let plaintext = opened.map_err(|refusal| match refusal.code {
        Code::DuplicateMessage | Code::RngExhausted => refusal,
        _ => Fault::invalid(refusal.detail),
    })?;
    if !bugs.has(Bug::Session2PrekeyMessagesForever) {
        session.pending = None;
    }
    Ok(plaintext)
}

/// Tries the current session, then the archived ones from newest to oldest.
fn decrypt_ratchet(
    party: &mut Party,
    peer: &Address,
    bytes: &[u8],
    draws: &mut Draws,
) -> Outcome<Vec<u8>> {
    let bugs = party.bugs;
    let mut record = record_of(party, peer).cloned().ok_or_else(|| no_session(bugs))?;
    let tried = if bugs.has(Bug::Session7CurrentOnly) { 1 } else { 1 + record.archived.len() };
    let mut last_refusal = Fault::invalid("no session fits");
    for place in 0..tried {
        let Some(mut copy) = session_at(&record, place).cloned() else {
            continue;
        };
        match open(party, &mut copy, bytes, draws) {
            Ok(plaintext) => {
                check_trust(party, peer, &copy.remote_identity)?;
                let identity = copy.remote_identity;
                put_back(&mut record, place, copy, bugs);
                store(party, peer, record);
                party.identities.insert((peer.name.clone(), peer.device_id), identity);
                return Ok(plaintext);
            }
            Err(refusal) => {
                keep_leak(party, peer, &mut record, place, copy);
                let passed_over = refusal.code == Code::DuplicateMessage
                    && bugs.has(Bug::Session10DuplicatePassedOver);
                if refusal.code != Code::InvalidMessage && !passed_over {
                    return Err(refusal);
                }
                last_refusal = Fault::invalid(refusal.detail);
            }
        }
    }
    if bugs.has(Bug::Session24TriedSessionPromoted)
        && let Some(session) = record.archived.pop_back()
    {
        make_current(&mut record, session, bugs);
        store(party, peer, record);
        party.leaks = true;
    }
    if bugs.has(Bug::Session11OtherCode) {
        return Err(Fault::new(Code::NoSession, "no session fits"));
    }
    Err(last_refusal)
}

/// The checks of a prekey message in their order.
fn decrypt_prekey(
    party: &mut Party,
    peer: &Address,
    bytes: &[u8],
    draws: &mut Draws,
) -> Outcome<Vec<u8>> {
    let bugs = party.bugs;
    let opening = match party.suite {
        Suite::SignalV3 => x3dh::decode_opening(party, bytes)?,
        Suite::RatchetChacha20 => native::decode_handshake(party, peer, bytes)?,
    };
    if bugs.has(Bug::Session19PrekeysBeforeTrust)
        && matching_session(party, peer, &opening).is_none()
    {
        check_prekeys(party, &opening)?;
    }
    check_trust(party, peer, &opening.identity)?;
    record_too_early(party, peer, &opening.identity);
    let outcome = open_own_session(party, peer, &opening, draws);
    if outcome.is_err()
        && bugs.has(Bug::Session18PrekeyMessageTriedEverywhere)
        && let Ok(plaintext) = decrypt_ratchet(party, peer, &opening.message, draws)
    {
        return Ok(plaintext);
    }
    if let (Err(_), true, Some(id)) =
        (&outcome, bugs.has(Bug::Prekey5OneTimePrekeyDeletedEarly), opening.one_time_prekey_id)
    {
        party.one_time_prekeys.remove(&id);
        party.leaks = true;
    }
    outcome
}

/// Decrypts a prekey message in the one session it may belong to, matching or new.
fn open_own_session(
    party: &mut Party,
    peer: &Address,
    opening: &Opening,
    draws: &mut Draws,
) -> Outcome<Vec<u8>> {
    let bugs = party.bugs;
    let mut record = record_of(party, peer).cloned().unwrap_or_default();
    let Some(place) = matching_session(party, peer, opening) else {
        return open_new_session(party, peer, record, opening, draws);
    };
    if bugs.has(Bug::Session3PrekeysLookedUpAgain) {
        check_prekeys(party, opening)?;
    }
    let Some(mut copy) = session_at(&record, place).cloned() else {
        return Err(no_session(bugs));
    };
    let opened = open(party, &mut copy, &opening.message, draws);
    if opened.is_err() {
        keep_leak(party, peer, &mut record, place, copy);
        return opened;
    }
    if bugs.has(Bug::Session9MatchNotPromoted) && place > 0 {
        record.archived[place - 1] = copy;
    } else {
        let promoting = if bugs.has(Bug::Session8NotPromoted) { Bugs::NONE } else { bugs };
        put_back(&mut record, place, copy, promoting);
    }
    store(party, peer, record);
    party.identities.insert((peer.name.clone(), peer.device_id), opening.identity);
    opened
}

/// The place of the session with this base key.
fn matching_session(party: &Party, peer: &Address, opening: &Opening) -> Option<usize> {
    let record = record_of(party, peer)?;
    (0..=record.archived.len()).find(|&place| {
        session_at(record, place).is_some_and(|session| session.base_key == opening.base_key)
    })
}

fn open_new_session(
    party: &mut Party,
    peer: &Address,
    mut record: Record,
    opening: &Opening,
    draws: &mut Draws,
) -> Outcome<Vec<u8>> {
    let bugs = party.bugs;
    if !party.accept_x3dh && !bugs.has(Bug::Handshake9PolicyIgnored) {
        return Err(Fault::new(Code::SuiteRefused, "policy"));
    }
    let own = record.current.as_ref().is_some_and(|session| session.pending.is_some());
    if own && bugs.has(Bug::Session16OwnInitiationFirst) {
        return Err(Fault::invalid("own initiation is unanswered"));
    }
    let replay = (opening.signed_prekey_id, opening.base_key);
    let remembers = remembers_replays(party) && opening.one_time_prekey_id.is_none();
    if remembers && party.replays.contains(&replay) {
        return Err(Fault::new(Code::HandshakeReplayed, "seen before"));
    }
    check_prekeys(party, opening)?;
    let mut session = match party.suite {
        Suite::SignalV3 => x3dh::respond(party, opening, draws)?,
        Suite::RatchetChacha20 => native::respond(party, peer, opening, draws)?,
    };
    let before = session.clone();
    let opened = open(party, &mut session, &opening.message, draws);
    if opened.is_err() {
        if bugs.has(Bug::Session17StoredBeforeDecryption) {
            make_current(&mut record, before, bugs);
            store(party, peer, record);
            party.leaks = true;
        }
        return opened;
    }
    make_current(&mut record, session, bugs);
    store(party, peer, record);
    party.identities.insert((peer.name.clone(), peer.device_id), opening.identity);
    if remembers {
        party.replays.insert(replay);
    }
    let kept = either(party, Bug::Prekey4OneTimePrekeyKept, Bug::Native22OneTimePrekeyKept);
    if let (Some(id), false) = (opening.one_time_prekey_id, kept) {
        party.one_time_prekeys.remove(&id);
    }
    opened
}

/// Signed prekey first, then the one-time prekey.
fn check_prekeys(party: &Party, opening: &Opening) -> Outcome<()> {
    let bugs = party.bugs;
    let falls_back =
        either(party, Bug::Prekey6NewestSignedPrekeyInstead, Bug::Native23UnknownPrekeyFallsBack);
    let leaves_out =
        either(party, Bug::Prekey7UnknownPrekeyLeftOut, Bug::Native23UnknownPrekeyFallsBack);
    let id = opening.signed_prekey_id;
    let newest = party.newest_signed_prekey_id();
    let signed_known = party.signed_prekeys.contains_key(&id)
        && (newest == Some(id) || !bugs.has(Bug::Prekey9NewestSignedPrekeyOnly));
    let signed = if signed_known || (falls_back && newest.is_some()) {
        Ok(())
    } else {
        Err(Fault::new(Code::UnknownSignedPrekey, format!("signed prekey {id}")))
    };
    let one_time = match opening.one_time_prekey_id {
        Some(id) if !party.one_time_prekeys.contains_key(&id) && !leaves_out => {
            Err(Fault::new(Code::UnknownPrekey, format!("one-time prekey {id}")))
        }
        _ => Ok(()),
    };
    if bugs.has(Bug::Prekey8OneTimePrekeyFirst) {
        one_time.and(signed)
    } else {
        signed.and(one_time)
    }
}

/// True if the party refuses a repeated first message without one-time prekey.
fn remembers_replays(party: &Party) -> bool {
    let bugs = party.bugs;
    match (party.suite, party.profile) {
        (Suite::RatchetChacha20, _) => !bugs.has(Bug::Native20NoReplayCache),
        (Suite::SignalV3, Profile::Compatible) => bugs.has(Bug::Handshake11ReplayRefused),
        (Suite::SignalV3, _) => !bugs.has(Bug::Handshake10ReplayAccepted),
    }
}

fn either(party: &Party, in_v3: Bug, in_native: Bug) -> bool {
    let bug = if party.suite == Suite::SignalV3 { in_v3 } else { in_native };
    party.bugs.has(bug)
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

/// The key that sessions with a peer are kept under: its whole address.
pub fn record_key(party: &Party, peer: &Address) -> Address {
    let mut key = peer.clone();
    if party.bugs.has(Bug::Session20DeviceIgnored) {
        key.device_id = 0;
    }
    key
}

fn record_of<'a>(party: &'a Party, peer: &Address) -> Option<&'a Record> {
    party.records.get(&record_key(party, peer))
}

fn store(party: &mut Party, peer: &Address, record: Record) {
    let key = record_key(party, peer);
    party.records.insert(key, record);
}

fn session_at(record: &Record, place: usize) -> Option<&Session> {
    match place {
        0 => record.current.as_ref(),
        _ => record.archived.get(place - 1),
    }
}

/// Stores a session that decrypted; an archived one becomes current.
fn put_back(record: &mut Record, place: usize, session: Session, bugs: Bugs) {
    if place == 0 {
        record.current = Some(session);
    } else if bugs.has(Bug::Session8NotPromoted) {
        record.archived[place - 1] = session;
    } else {
        record.archived.remove(place - 1);
        archive_current(record, bugs);
        record.current = Some(session);
    }
}

/// A new session archives the current one and becomes current.
fn make_current(record: &mut Record, session: Session, bugs: Bugs) {
    if !bugs.has(Bug::Session4OldSessionDropped) {
        archive_current(record, bugs);
    }
    record.current = Some(session);
}

fn archive_current(record: &mut Record, bugs: Bugs) {
    let Some(mut session) = record.current.take() else {
        return;
    };
    if !bugs.has(Bug::Session15PendingKept) {
        session.pending = None;
    }
    record.archived.push_front(session);
    let kept = match bugs.0 {
        Some(Bug::Session5TenArchived) => 10,
        Some(Bug::Session6UnboundedArchive) => usize::MAX,
        _ => ARCHIVED_KEPT,
    };
    record.archived.truncate(kept);
}

/// Stores what a bug changed in a session that refused a message.
fn keep_leak(
    party: &mut Party,
    peer: &Address,
    record: &mut Record,
    place: usize,
    mut session: Session,
) {
    if !session.leak {
        return;
    }
    session.leak = false;
    match place {
        0 => record.current = Some(session),
        _ => record.archived[place - 1] = session,
    }
    store(party, peer, record.clone());
    party.leaks = true;
}

fn no_session(bugs: Bugs) -> Fault {
    if bugs.has(Bug::Session12InvalidWithoutSession) {
        return Fault::invalid("no session");
    }
    Fault::new(Code::NoSession, "no session")
}
