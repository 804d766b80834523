//! STATE and SECRET.

use countersign_vectors::naive::fault::Code;
use countersign_vectors::naive::primitives::cbc_encrypt;
use countersign_vectors::naive::state;

use super::world::{World, code};
use crate::Probe;

pub const PROBES: &[(&str, Probe)] = &[
    ("STATE-1", |bugs| {
        let mut world = World::receiver(bugs).established();
        let messages = world.seal_many(3);
        world.bob_gets(&messages[2]).unwrap();
        let exported = export(&world);
        import(&mut world, &exported).is_none() && world.bob_gets(&messages[0]).is_ok()
    }),
    ("STATE-2", |bugs| {
        let mut world = World::receiver(bugs).established();
        let exported = export(&world);
        (0..exported.len())
            .step_by(7)
            .all(|length| import(&mut world, &exported[..length]) == Some(Code::BadState))
    }),
    ("STATE-3", |bugs| {
        let mut world = World::receiver(bugs).established();
        let mut exported = export(&world);
        exported[0] ^= 0x80;
        import(&mut world, &exported) == Some(Code::BadState)
    }),
    ("STATE-4", |bugs| {
        let mut world = World::receiver(bugs).established();
        let mut exported = export(&world);
        exported.push(0);
        import(&mut world, &exported) == Some(Code::BadState)
    }),
    ("SECRET-1", |bugs| {
        let mut world = World::receiver(bugs).established();
        let used = world.bobs_session().receiver_chains.back().unwrap().chain.key;
        let sent = world.bobs_session().sender_chain.key;
        let sealed = world.seal(true, "on");
        world.bob_gets(&sealed).unwrap();
        world.seal(false, "on");
        !holds(&world, &used) && !holds(&world, &sent)
    }),
    ("SECRET-2", |bugs| {
        let mut world = World::receiver(bugs).established();
        let root = world.bobs_session().root_key;
        let private = world.bobs_session().ratchet_pair.private;
        world.round();
        world.round();
        !holds(&world, &root) && !holds(&world, &private)
    }),
    ("SECRET-3", |bugs| {
        let mut world = World::receiver(bugs);
        let private = world.bob.one_time_prekeys[&9].pair.private;
        world = world.established();
        !holds(&world, &private)
    }),
    ("SECRET-4", |bugs| {
        let mut world = World::receiver(bugs).established();
        let (keys, _) = world.next_message(0);
        let secret = b"a secret text...";
        let bytes = world.craft(0, |parts| {
            parts.ciphertext = cbc_encrypt(&keys.cipher_key, &keys.iv, secret);
        });
        let detail = world.bob_gets_raw(bytes).unwrap_err().detail;
        !detail.contains(&hex::encode(secret))
    }),
];

fn export(world: &World) -> Vec<u8> {
    state::export(&world.bob, &world.alices()).unwrap()
}

fn import(world: &mut World, bytes: &[u8]) -> Option<Code> {
    let alice = world.alices();
    code(state::import(&mut world.bob, &alice, bytes))
}

/// True if Bob's exported state contains the secret.
fn holds(world: &World, secret: &[u8; 32]) -> bool {
    export(world).windows(32).any(|window| window == secret)
}
