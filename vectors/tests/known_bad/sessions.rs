//! SESSION: sending, order of checks, refusals.

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::Code;
use countersign_vectors::naive::keys::{Profile, public_of};
use countersign_vectors::naive::session::{PREKEY, RATCHET, Sealed};
use countersign_vectors::naive::state;
use countersign_vectors::naive::wire::{decode_prekey_message, encode_prekey_message};

use super::handshake::parts_of;
use super::world::{DAY, NOW, World, code};
use crate::Probe;

pub const PROBES: &[(&str, Probe)] = &[
    ("SESSION-1", |bugs| {
        let mut world = World::sender(bugs);
        world.begin(Some(9)).unwrap();
        world.seal_many(2)[1].kind == PREKEY
    }),
    ("SESSION-2", |bugs| {
        let mut world = World::sender(bugs).established();
        world.seal(true, "answered").kind == RATCHET
    }),
    ("SESSION-13", |bugs| unanswered_after(bugs, 30 * DAY + 1) == Some(Code::NoSession)),
    ("SESSION-14", |bugs| unanswered_after(bugs, 30 * DAY).is_none()),
    ("SESSION-17", |bugs| {
        let mut world = World::receiver(bugs);
        world.begin(Some(9)).unwrap();
        let mut sealed = world.seal(true, "hello");
        let place = sealed.bytes.len() - 20;
        sealed.bytes[place] ^= 1;
        world.bob_gets(&sealed).is_err() && world.bob.records.is_empty()
    }),
    ("SESSION-18", |bugs| {
        let mut world = World::receiver(bugs);
        world.begin(Some(9)).unwrap();
        let messages = world.seal_many(2);
        world.bob_gets(&messages[0]).unwrap();
        let mut parts = parts_of(
            &decode_prekey_message(&messages[1].bytes, Profile::Compatible, Bugs::NONE).unwrap(),
        );
        parts.base_key = public_of(&[0x50; 32]).to_vec();
        parts.one_time_prekey_id = None;
        let bytes = encode_prekey_message(&parts, Bugs::NONE);
        world.bob_gets(&Sealed { kind: PREKEY, bytes }).is_err()
    }),
    ("SESSION-19", |bugs| {
        let mut world = World::receiver(bugs);
        world.begin(Some(9)).unwrap();
        let sealed = world.seal(true, "hello");
        let alice = world.alices();
        world.bob.trust(&alice, public_of(&[1; 32]));
        world.bob.signed_prekeys.clear();
        code(world.bob_gets(&sealed)) == Some(Code::UntrustedIdentity)
    }),
    ("SESSION-21", |bugs| {
        let mut world = World::receiver(bugs).established();
        let bytes = world.craft(0, |parts| parts.version_byte = 0x44);
        code(world.bob_gets_raw(bytes)) == Some(Code::InvalidMessage)
    }),
    ("SESSION-22", |bugs| {
        let mut world = World::receiver(bugs);
        world.begin(Some(9)).unwrap();
        let Sealed { bytes, .. } = world.seal(true, "hello");
        world.bob_gets_raw(bytes).is_err()
    }),
    ("SESSION-23", |bugs| {
        let mut world = World::sender(bugs);
        world.begin(Some(9)).unwrap();
        let before = state::fingerprint(&world.alice);
        world.try_seal(true, "too late", NOW + 31 * DAY).is_err()
            && state::fingerprint(&world.alice) == before
    }),
];

/// Alice, the subject, sends in a session nobody answered.
fn unanswered_after(bugs: Bugs, age_ms: u64) -> Option<Code> {
    let mut world = World::sender(bugs);
    world.begin(Some(9)).unwrap();
    code(world.try_seal(true, "anybody there?", NOW + age_ms))
}
