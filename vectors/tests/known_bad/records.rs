//! SESSION: several sessions, archive, promotion.

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::Code;
use countersign_vectors::naive::party::{Address, Party};
use countersign_vectors::naive::session::{self, Sealed};

use super::world::{NOW, World, code};
use crate::Probe;

pub const PROBES: &[(&str, Probe)] = &[
    ("SESSION-3", |bugs| {
        let mut world = World::receiver(bugs);
        world.begin(Some(9)).unwrap();
        let messages = world.seal_many(2);
        world.bob_gets(&messages[0]).is_ok() && world.bob_gets(&messages[1]).is_ok()
    }),
    ("SESSION-4", |bugs| {
        let (mut world, old) = two_sessions(bugs);
        world.bob_gets(&old).is_ok()
    }),
    ("SESSION-5", |bugs| after_sessions(bugs, 40).is_none()),
    ("SESSION-6", |bugs| after_sessions(bugs, 41) == Some(Code::InvalidMessage)),
    ("SESSION-7", |bugs| {
        let (mut world, old) = two_sessions(bugs);
        world.bob_gets(&old).is_ok()
    }),
    ("SESSION-8", |bugs| {
        let (mut world, old) = two_sessions(bugs);
        let base_key = world.bob.records[&world.alices()].archived[0].base_key;
        world.bob_gets(&old).unwrap();
        world.bobs_session().base_key == base_key
    }),
    ("SESSION-9", |bugs| {
        let mut world = World::receiver(bugs);
        world.begin(Some(9)).unwrap();
        let messages = world.seal_many(2);
        world.bob_gets(&messages[0]).unwrap();
        let base_key = world.bobs_session().base_key;
        let alice = world.alices();
        session::archive(&mut world.bob, &alice).unwrap();
        world.bob_gets(&messages[1]).unwrap();
        let record = &world.bob.records[&alice];
        record.current.as_ref().is_some_and(|session| session.base_key == base_key)
    }),
    ("SESSION-10", |bugs| {
        let (mut world, old) = two_sessions(bugs);
        world.bob_gets(&old).unwrap();
        code(world.bob_gets(&old)) == Some(Code::DuplicateMessage)
    }),
    ("SESSION-11", |bugs| {
        let mut world = World::receiver(bugs).established();
        let mut sealed = world.seal(true, "altered");
        *sealed.bytes.last_mut().unwrap() ^= 1;
        code(world.bob_gets(&sealed)) == Some(Code::InvalidMessage)
    }),
    ("SESSION-12", |bugs| {
        let mut world = World::receiver(bugs).established();
        let sealed = world.seal(true, "to nobody");
        let alice = world.alices();
        session::delete(&mut world.bob, &alice);
        code(world.bob_gets(&sealed)) == Some(Code::NoSession)
            && code(world.try_seal(false, "from nobody", NOW)) == Some(Code::NoSession)
    }),
    ("SESSION-15", |bugs| {
        let mut world = World::sender(bugs);
        world.begin(Some(9)).unwrap();
        let sealed = world.seal(true, "hello");
        world.bob_gets(&sealed).unwrap();
        let answer = world.seal(false, "answer");
        let bob = world.bobs();
        session::archive(&mut world.alice, &bob).unwrap();
        let archived_clean = world.alice.records[&bob].archived[0].pending.is_none();
        world.give(false, &answer).is_ok() && archived_clean
    }),
    ("SESSION-16", |bugs| {
        let mut world = World::receiver(bugs);
        world.begin(Some(9)).unwrap();
        world.begin_back();
        let sealed = world.seal(true, "at the same time");
        world.bob_gets(&sealed).is_ok()
    }),
    ("SESSION-20", |bugs| {
        let mut world = World::receiver(bugs).established();
        let second = Address { device_id: 2, ..world.alices() };
        world.alice.device_id = 2;
        world.begin(Some(8)).unwrap();
        let sealed = world.seal(true, "second device");
        world.bob_gets(&sealed).unwrap();
        let sessions = |party: &Party, peer: &Address| {
            party.records.get(peer).map(|record| record.archived.len())
        };
        let first = Address { device_id: 1, ..second.clone() };
        sessions(&world.bob, &first) == Some(0) && sessions(&world.bob, &second) == Some(0)
    }),
    ("SESSION-24", |bugs| {
        let (mut world, mut old) = two_sessions(bugs);
        *old.bytes.last_mut().unwrap() ^= 1;
        let before = world.bobs_hash();
        world.bob_gets(&old).is_err() && world.bobs_hash() == before
    }),
];

/// Bob has two sessions with Alice; the message belongs to the older one.
fn two_sessions(bugs: Bugs) -> (World, Sealed) {
    let mut world = World::receiver(bugs).established();
    let old = world.seal(true, "old session");
    world.begin(Some(8)).unwrap();
    let sealed = world.seal(true, "new session");
    world.bob_gets(&sealed).unwrap();
    (world, old)
}

/// A message of a session after `count` newer sessions began.
fn after_sessions(bugs: Bugs, count: u32) -> Option<Code> {
    let mut world = World::receiver(bugs).established();
    let old = world.seal(true, "old session");
    for _ in 0..count {
        world.begin(None).unwrap();
        let sealed = world.seal(true, "newer session");
        world.bob_gets(&sealed).unwrap();
    }
    code(world.bob_gets(&old))
}
