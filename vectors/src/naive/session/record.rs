//! The record of one peer: current session, archive, promotion.

use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::{Code, Fault};
use crate::naive::party::{Address, Party, Record, Session};

use super::ARCHIVED_KEPT;

/// The key that sessions with a peer are kept under: its whole address.
pub fn record_key(party: &Party, peer: &Address) -> Address {
    let mut key = peer.clone();
    if party.bugs.has(Bug::Session20DeviceIgnored) {
        key.device_id = 0;
    }
    key
}

pub(super) fn record_of<'a>(party: &'a Party, peer: &Address) -> Option<&'a Record> {
    party.records.get(&record_key(party, peer))
}

pub(super) fn store(party: &mut Party, peer: &Address, record: Record) {
    let key = record_key(party, peer);
    party.records.insert(key, record);
}

pub(super) fn session_at(record: &Record, place: usize) -> Option<&Session> {
    match place {
        0 => record.current.as_ref(),
        _ => record.archived.get(place - 1),
    }
}

/// Stores a session that decrypted; an archived one becomes current.
pub(super) fn put_back(record: &mut Record, place: usize, session: Session, bugs: Bugs) {
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
pub(super) fn make_current(record: &mut Record, session: Session, bugs: Bugs) {
    if !bugs.has(Bug::Session4OldSessionDropped) {
        archive_current(record, bugs);
    }
    record.current = Some(session);
}

pub(super) fn archive_current(record: &mut Record, bugs: Bugs) {
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
pub(super) fn keep_leak(
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

pub(super) fn no_session(bugs: Bugs) -> Fault {
    if bugs.has(Bug::Session12InvalidWithoutSession) {
        return Fault::invalid("no session");
    }
    Fault::new(Code::NoSession, "no session")
}
