//! PREKEY and HANDSHAKE.

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::Code;
use countersign_vectors::naive::keys::{KeyPair, Profile, public_of};
use countersign_vectors::naive::primitives::Draws;
use countersign_vectors::naive::session::{self, PREKEY, Sealed};
use countersign_vectors::naive::wire::{
    PrekeyMessage, PrekeyParts, decode_prekey_message, encode_prekey_message,
};
use countersign_vectors::naive::xeddsa;

use super::world::{NOW, World, code};
use crate::Probe;

pub const PROBES: &[(&str, Probe)] = &[
    ("PREKEY-1", |bugs| {
        let world = World::sender(bugs);
        let key = &world.alice.signed_prekeys[&5];
        let identity = world.alice.identity.public;
        let message = key.pair.public;
        xeddsa::verify(&identity, &message, &key.signature, Profile::Strict, Bugs::NONE).is_ok()
    }),
    ("PREKEY-2", |bugs| {
        let mut world = World::sender(bugs);
        let mut bundle = world.bundle(None);
        bundle.signed_prekey.signature.as_mut().unwrap()[0] ^= 1;
        code(world.begin_with(&bundle)) == Some(Code::BadSignature)
    }),
    ("PREKEY-3", |bugs| {
        let mut world = World::sender(bugs);
        let bob = world.bobs();
        world.alice.trust(&bob, public_of(&[1; 32]));
        let mut bundle = world.bundle(None);
        bundle.signed_prekey.signature.as_mut().unwrap()[0] ^= 1;
        code(world.begin_with(&bundle)) == Some(Code::UntrustedIdentity)
    }),
    ("PREKEY-4", |bugs| {
        let world = World::receiver(bugs).established();
        !world.bob.one_time_prekeys.contains_key(&9)
    }),
    ("PREKEY-5", |bugs| {
        let (mut world, mut sealed) = first(bugs, Some(9));
        let place = sealed.bytes.len() - 20;
        sealed.bytes[place] ^= 1;
        world.bob_gets(&sealed).is_err() && world.bob.one_time_prekeys.contains_key(&9)
    }),
    ("PREKEY-6", |bugs| {
        refused_with(bugs, |parts| parts.signed_prekey_id = 77) == Some(Code::UnknownSignedPrekey)
    }),
    ("PREKEY-7", |bugs| {
        refused_with(bugs, |parts| parts.one_time_prekey_id = Some(77)) == Some(Code::UnknownPrekey)
    }),
    ("PREKEY-8", |bugs| {
        let change = |parts: &mut PrekeyParts| {
            parts.signed_prekey_id = 77;
            parts.one_time_prekey_id = Some(77);
        };
        refused_with(bugs, change) == Some(Code::UnknownSignedPrekey)
    }),
    ("PREKEY-9", |bugs| {
        let mut world = World::receiver(bugs);
        let bundle = world.bob.bundle(5, None).unwrap();
        world.begin_with(&bundle).unwrap();
        let sealed = world.seal(true, "to the older signed prekey");
        world.bob_gets(&sealed).is_ok()
    }),
    ("PREKEY-10", |bugs| {
        let mut world = World::sender(bugs).established();
        let mut bundle = world.bundle(None);
        bundle.signed_prekey.signature.as_mut().unwrap()[0] ^= 1;
        world.begin_with(&bundle).is_err() && world.try_seal(true, "goes on", NOW).is_ok()
    }),
    ("HANDSHAKE-1", interoperates),
    ("HANDSHAKE-2", interoperates),
    ("HANDSHAKE-3", interoperates),
    ("HANDSHAKE-4", |bugs| {
        let mut world = World::sender(bugs);
        world.draws = Draws::loaded(&[[0x11; 32], [0x22; 32]].concat());
        world.begin(None).unwrap();
        world.alices_session().base_key == KeyPair::new([0x11; 32], Bugs::NONE).public
    }),
    ("HANDSHAKE-5", interoperates),
    ("HANDSHAKE-6", |bugs| {
        let (mut world, sealed) = first(bugs, None);
        world.bob_gets(&sealed).is_ok()
    }),
    ("HANDSHAKE-7", |bugs| sent(bugs, None).one_time_prekey_id.is_none()),
    ("HANDSHAKE-8", |bugs| sent(bugs, None).registration_id == 0x28),
    ("HANDSHAKE-9", |bugs| {
        let (mut world, sealed) = first(bugs, None);
        world.bob.accept_x3dh = false;
        code(world.bob_gets(&sealed)) == Some(Code::SuiteRefused)
    }),
    ("HANDSHAKE-10", |bugs| replayed(bugs, Profile::Strict) == Some(Code::HandshakeReplayed)),
    ("HANDSHAKE-11", |bugs| replayed(bugs, Profile::Compatible).is_none()),
];

/// The first message of a session, Bob being the subject.
fn first(bugs: Bugs, one_time: Option<u32>) -> (World, Sealed) {
    let mut world = World::receiver(bugs);
    world.begin(one_time).unwrap();
    let sealed = world.seal(true, "hello");
    (world, sealed)
}

fn decoded(sealed: &Sealed) -> PrekeyMessage {
    decode_prekey_message(&sealed.bytes, Profile::Compatible, Bugs::NONE).unwrap()
}

/// What Alice, the subject, sends first.
fn sent(bugs: Bugs, one_time: Option<u32>) -> PrekeyMessage {
    let mut world = World::sender(bugs);
    world.begin(one_time).unwrap();
    decoded(&world.seal(true, "hello"))
}

/// How Bob, the subject, refuses a first message with other prekey ids.
fn refused_with(bugs: Bugs, change: impl FnOnce(&mut PrekeyParts)) -> Option<Code> {
    let (mut world, sealed) = first(bugs, Some(9));
    let mut parts = parts_of(&decoded(&sealed));
    change(&mut parts);
    let bytes = encode_prekey_message(&parts, Bugs::NONE);
    code(world.bob_gets(&Sealed { kind: PREKEY, bytes }))
}

pub fn parts_of(message: &PrekeyMessage) -> PrekeyParts {
    PrekeyParts {
        version_byte: message.version_byte,
        one_time_prekey_id: message.one_time_prekey_id,
        base_key: message.base_key.to_vec(),
        identity_key: message.identity_key.to_vec(),
        message: message.message.clone(),
        registration_id: message.registration_id,
        signed_prekey_id: message.signed_prekey_id,
    }
}

/// The subject talks to a correct peer in both roles.
fn interoperates(bugs: Bugs) -> bool {
    [World::sender(bugs), World::receiver(bugs)].into_iter().all(|mut world| {
        world.begin(Some(9)).unwrap();
        let sealed = world.seal(true, "hello");
        world.bob_gets(&sealed).is_ok()
    })
}

/// A first message without one-time prekey a second time, its session gone.
fn replayed(bugs: Bugs, profile: Profile) -> Option<Code> {
    let mut world = World::new(Bugs::NONE, bugs, profile);
    world.begin(None).unwrap();
    let sealed = world.seal(true, "hello");
    world.bob_gets(&sealed).unwrap();
    let alice = world.alices();
    session::delete(&mut world.bob, &alice);
    code(world.bob_gets(&sealed))
}
