//! Receiving: the decoder by type, then trial over the sessions.

use crate::naive::bugs::Bug;
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::party::{Address, Party, Session, Suite};
use crate::naive::primitives::Draws;
use crate::naive::{native, ratchet, wire};

use super::opening::decrypt_prekey;
use super::record::{keep_leak, make_current, no_session, put_back, record_of, session_at, store};
use super::{PREKEY, check_trust};

pub(super) fn decrypt_as(
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
pub(super) fn check_decodable(party: &Party, bytes: &[u8]) -> Outcome<()> {
    match party.suite {
        Suite::SignalV3 => {
            wire::decode_ratchet_message(bytes, party.profile, party.bugs).map(|_| ())
        }
        Suite::RatchetChacha20 => native::check_message(bytes, party),
    }
}

/// Decrypts in one session: its working copy. A refusal is `duplicate_message`, `rng_exhausted`
/// or `invalid_message`.
pub(super) fn open(
    party: &Party,
    session: &mut Session,
    bytes: &[u8],
    draws: &mut Draws,
) -> Outcome<Vec<u8>> {
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
pub(super) fn decrypt_ratchet(
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
