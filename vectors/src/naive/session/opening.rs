//! First messages: the checks of a prekey message in their order.

use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::Profile;
use crate::naive::party::{Address, Party, Record, Suite};
use crate::naive::primitives::Draws;
use crate::naive::{native, x3dh};

use super::receiving::{decrypt_ratchet, open};
use super::record::{keep_leak, make_current, no_session, put_back, record_of, session_at, store};
use super::{Opening, check_trust, record_too_early};

/// The checks of a prekey message in their order.
pub(super) fn decrypt_prekey(
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
pub(super) fn open_own_session(
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
pub(super) fn matching_session(party: &Party, peer: &Address, opening: &Opening) -> Option<usize> {
    let record = record_of(party, peer)?;
    (0..=record.archived.len()).find(|&place| {
        session_at(record, place).is_some_and(|session| session.base_key == opening.base_key)
    })
}

pub(super) fn open_new_session(
    party: &mut Party,
    peer: &Address,
    mut record: Record,
    opening: &Opening,
    draws: &mut Draws,
) -> Outcome<Vec<u8>> {
    let bugs = party.bugs;
    let x3dh = party.suite == Suite::SignalV3;
    if x3dh && !party.accept_x3dh && !bugs.has(Bug::Handshake9PolicyIgnored) {
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
pub(super) fn check_prekeys(party: &Party, opening: &Opening) -> Outcome<()> {
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
pub(super) fn remembers_replays(party: &Party) -> bool {
    let bugs = party.bugs;
    match (party.suite, party.profile) {
        (Suite::RatchetChacha20, _) => !bugs.has(Bug::Native20NoReplayCache),
        (Suite::SignalV3, Profile::Compatible) => bugs.has(Bug::Handshake11ReplayRefused),
        (Suite::SignalV3, _) => !bugs.has(Bug::Handshake10ReplayAccepted),
    }
}

pub(super) fn either(party: &Party, in_v3: Bug, in_native: Bug) -> bool {
    let bug = if party.suite == Suite::SignalV3 { in_v3 } else { in_native };
    party.bugs.has(bug)
}
