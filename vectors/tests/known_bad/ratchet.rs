//! RATCHET.

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::Code;
use countersign_vectors::naive::keys::{KeyPair, Profile};
use countersign_vectors::naive::primitives::Draws;
use countersign_vectors::naive::ratchet::{
    chain_step, kdf_root, message_keys, open_body, seal_body,
};
use countersign_vectors::naive::session::{RATCHET, Sealed};
use countersign_vectors::naive::wire::{
    RatchetMessage, decode_ratchet_message, put_bytes, put_varint_field, put_wide_varint_field,
};

use super::world::{World, code};
use crate::Probe;

pub const PROBES: &[(&str, Probe)] = &[
    ("RATCHET-1", |bugs| {
        kdf_root(&[1; 32], &[2; 32], bugs) == kdf_root(&[1; 32], &[2; 32], Bugs::NONE)
    }),
    ("RATCHET-2", |bugs| chain_step(&[1; 32], bugs) == chain_step(&[1; 32], Bugs::NONE)),
    ("RATCHET-3", |bugs| message_keys(&[1; 32], bugs) == message_keys(&[1; 32], Bugs::NONE)),
    ("RATCHET-4", |bugs| {
        let keys = message_keys(&[1; 32], Bugs::NONE);
        seal_body(&keys, b"a", bugs) == seal_body(&keys, b"a", Bugs::NONE)
    }),
    ("RATCHET-5", |bugs| {
        let mut world = World::sender(bugs);
        world.begin(Some(9)).unwrap();
        let sealed = world.seal(true, "hello");
        world.bob_gets(&sealed).is_ok()
    }),
    ("RATCHET-6", |bugs| altered_mac(bugs, 0) == Some(Code::InvalidMessage)),
    ("RATCHET-7", |bugs| altered_mac(bugs, 7) == Some(Code::InvalidMessage)),
    ("RATCHET-8", |bugs| {
        let world = World::receiver(bugs).established();
        let (keys, parts) = world.next_message(0);
        let mut message = vec![0x34];
        put_bytes(&mut message, 1, &parts.ratchet_key);
        put_wide_varint_field(&mut message, 2, u64::from(parts.counter), 4);
        put_varint_field(&mut message, 3, u64::from(parts.previous_counter));
        put_bytes(&mut message, 4, &parts.ciphertext);
        let bytes = world.with_mac(&keys, message);
        taken(world, bytes)
    }),
    ("RATCHET-9", |bugs| crafted(bugs, |parts| parts.version_byte = 0x3f)),
    ("RATCHET-10", |bugs| {
        let mut world = World::sender(bugs).established();
        world.seal_many(3);
        answer(&mut world);
        decoded(&world.seal(true, "next chain")).previous_counter == 3
    }),
    ("RATCHET-11", |bugs| crafted(bugs, |parts| parts.previous_counter = u32::MAX)),
    ("RATCHET-12", |bugs| {
        let mut world = World::receiver(bugs);
        world.begin(None).unwrap();
        let sealed = world.seal(true, "hello");
        world.draws = Draws::loaded(&[0x33; 32]);
        world.bob_gets(&sealed).unwrap();
        world.draws = Draws::seeded([9; 32]);
        let key = KeyPair::new([0x33; 32], Bugs::NONE).public;
        decoded(&world.seal(false, "answer")).ratchet_key == key
    }),
    ("RATCHET-13", |bugs| {
        let mut world = World::sender(bugs).established();
        answer(&mut world);
        decoded(&world.seal(true, "first of its chain")).counter == 0
    }),
    ("RATCHET-14", |bugs| {
        let mut world = World::receiver(bugs).established();
        let messages = world.seal_many(2);
        world.bob_gets(&messages[1]).unwrap();
        world.bob_gets(&messages[0]).is_ok()
    }),
    ("RATCHET-15", |bugs| {
        let mut world = World::receiver(bugs).established();
        let sealed = world.seal(true, "once");
        world.bob_gets(&sealed).unwrap();
        code(world.bob_gets(&sealed)) == Some(Code::DuplicateMessage)
    }),
    ("RATCHET-16", |bugs| {
        let world = World::receiver(bugs).established();
        let bytes = world.craft(25_000, |_| {});
        taken(world, bytes)
    }),
    ("RATCHET-17", |bugs| {
        let mut world = World::receiver(bugs).established();
        let bytes = world.craft(25_001, |_| {});
        code(world.bob_gets_raw(bytes)) == Some(Code::InvalidMessage)
    }),
    ("RATCHET-18", |bugs| {
        let mut world = World::receiver(bugs);
        world.alice.identity = world.bob.identity.clone();
        let world = world.established();
        let bytes = world.craft(25_001, |_| {});
        taken(world, bytes)
    }),
    ("RATCHET-19", |bugs| stored(bugs, 2_000, 0).is_none()),
    ("RATCHET-20", |bugs| stored(bugs, 2_001, 0) == Some(Code::DuplicateMessage)),
    ("RATCHET-21", |bugs| older_chain(bugs, 4).is_none()),
    ("RATCHET-22", |bugs| older_chain(bugs, 5) == Some(Code::InvalidMessage)),
    ("RATCHET-23", |bugs| older_chain(bugs, 1).is_none()),
    ("RATCHET-24", |bugs| forgery_changes_nothing(bugs, |world| world.craft(0, |_| {}))),
    ("RATCHET-25", |bugs| {
        forgery_changes_nothing(bugs, |world| {
            let other = KeyPair::new([0x44; 32], Bugs::NONE).public.to_vec();
            world.craft(0, |parts| parts.ratchet_key = other)
        })
    }),
    ("RATCHET-26", |bugs| forgery_changes_nothing(bugs, |world| world.craft(500, |_| {}))),
    ("RATCHET-27", |bugs| {
        let mut world = World::receiver(bugs).established();
        let mut sealed = world.seal(true, "once");
        world.bob_gets(&sealed).unwrap();
        *sealed.bytes.last_mut().unwrap() ^= 1;
        code(world.bob_gets(&sealed)) == Some(Code::DuplicateMessage)
    }),
    ("RATCHET-28", |bugs| {
        let keys = message_keys(&[1; 32], Bugs::NONE);
        !crafted(bugs, |parts| parts.ciphertext.clear())
            && open_body(&keys, &[1; 17], bugs).is_err()
    }),
    ("RATCHET-29", |bugs| {
        let mut world = World::sender(bugs).established();
        world.seal(true, "same") != world.seal(true, "same")
    }),
];

fn decoded(sealed: &Sealed) -> RatchetMessage {
    decode_ratchet_message(&sealed.bytes, Profile::Compatible, Bugs::NONE).unwrap()
}

/// Bob sends and Alice takes it in.
fn answer(world: &mut World) {
    let sealed = world.seal(false, "answer");
    world.give(false, &sealed).unwrap();
}

fn taken(mut world: World, bytes: Vec<u8>) -> bool {
    world.bob_gets_raw(bytes).is_ok()
}

/// Bob takes a message with changed parts under the right MAC.
fn crafted(
    bugs: Bugs,
    change: impl FnOnce(&mut countersign_vectors::naive::wire::RatchetParts),
) -> bool {
    let world = World::receiver(bugs).established();
    let bytes = world.craft(0, change);
    taken(world, bytes)
}

fn altered_mac(bugs: Bugs, byte: usize) -> Option<Code> {
    let mut world = World::receiver(bugs).established();
    let mut sealed = world.seal(true, "altered");
    let place = sealed.bytes.len() - 8 + byte;
    sealed.bytes[place] ^= 1;
    code(world.bob_gets(&sealed))
}

/// Message `late` of a chain after `ahead` messages were skipped at once.
fn stored(bugs: Bugs, ahead: u32, late: usize) -> Option<Code> {
    let mut world = World::receiver(bugs).established();
    let messages = world.seal_many(ahead + 1);
    world.bob_gets(messages.last().unwrap()).unwrap();
    code(world.bob_gets(&messages[late]))
}

/// The tail of a chain after `rounds` newer chains began.
fn older_chain(bugs: Bugs, rounds: u32) -> Option<Code> {
    let mut world = World::receiver(bugs).established();
    let late = world.seal(true, "late");
    for _ in 0..rounds {
        answer(&mut world);
        let sealed = world.seal(true, "round");
        world.bob_gets(&sealed).unwrap();
    }
    code(world.bob_gets(&late))
}

fn forgery_changes_nothing(bugs: Bugs, forge: impl FnOnce(&World) -> Vec<u8>) -> bool {
    let mut world = World::receiver(bugs).established();
    let mut bytes = forge(&world);
    *bytes.last_mut().unwrap() ^= 1;
    let before = world.bobs_hash();
    assert!(world.bob_gets(&Sealed { kind: RATCHET, bytes }).is_err());
    world.bobs_hash() == before
}
