//! Sending: the current session, wrapped in a prekey message until it is answered.

use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::party::{Address, Party, Session, Suite};
use crate::naive::primitives::Draws;
use crate::naive::wire::{PrekeyParts, encode_prekey_message};
use crate::naive::{native, ratchet};

use super::record::{no_session, record_key};
use super::{PREKEY, RATCHET, Sealed, UNANSWERED_SECONDS, check_trust};

/// Encrypts in place; `party` is a working copy.
pub(super) fn seal_next(
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
pub(super) fn wrap(party: &Party, peer: &Address, session: &Session, message: Vec<u8>) -> Sealed {
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

pub(super) fn check_sendable(session: &Session, now_ms: u64, bugs: Bugs) -> Outcome<()> {
    let Some(pending) = &session.pending else {
        return Ok(());
    };
    // Only the beginning is cut to whole seconds.
    let begun_ms = pending.begun_ms / 1000 * 1000;
    let allowed = match bugs.0 {
        Some(Bug::Session13NoExpiry) => u64::MAX,
        Some(Bug::Session14ExpiresEarly) => 29 * 24 * 60 * 60,
        _ => UNANSWERED_SECONDS,
    };
    if now_ms > begun_ms.saturating_add(allowed.saturating_mul(1000)) {
        return Err(Fault::new(Code::NoSession, "unanswered for more than 30 days"));
    }
    Ok(())
}
