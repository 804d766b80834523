//! PRIM and IDENTITY.

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::Code;
use countersign_vectors::naive::keys::{
    KeyPair, Profile, Public, agree, decode_public, dh, public_of, with_type,
};
use countersign_vectors::naive::primitives::{pad, unpad};
use countersign_vectors::naive::session::{self, Sealed};
use countersign_vectors::naive::xeddsa::{self, ORDER, Rule};

use super::world::{World, code};
use crate::Probe;

const C: Profile = Profile::Compatible;
const S: Profile = Profile::Strict;
const N: Profile = Profile::Native;

pub const PROBES: &[(&str, Probe)] = &[
    ("PRIM-1", |bugs| {
        KeyPair::new([0xff; 32], bugs).private == KeyPair::new([0xff; 32], Bugs::NONE).private
    }),
    ("PRIM-2", |bugs| {
        let mut public = public_of(&[9; 32]);
        let shared = dh(&[8; 32], &public);
        public[32] |= 0x80;
        agree(&[8; 32], &public, C, bugs) == Ok(shared)
    }),
    ("PRIM-3", |bugs| {
        code(agree(&[8; 32], &with_type(&[0; 32]), S, bugs)) == Some(Code::BadAgreement)
    }),
    ("PRIM-4", |bugs| agree(&[8; 32], &with_type(&[0; 32]), C, bugs) == Ok([0; 32])),
    ("PRIM-5", |bugs| code(decode_public(&[], C, bugs)) == Some(Code::NoKeyType)),
    ("PRIM-6", |bugs| code(decode_public(&[6; 33], C, bugs)) == Some(Code::BadKeyType)),
    ("PRIM-7", |bugs| code(decode_public(&[5; 32], C, bugs)) == Some(Code::BadKeyLength)),
    ("PRIM-8", |bugs| decode_public(&[5; 34], C, bugs) == Ok([5; 33])),
    ("PRIM-9", |bugs| code(decode_public(&[5; 34], S, bugs)) == Some(Code::BadKeyLength)),
    ("PRIM-10", |bugs| {
        let public = with_type(&[0xff; 32]);
        decode_public(&public, C, bugs) == Ok(public)
    }),
    ("PRIM-11", |bugs| code(decode_public(&with_type(&[0xff; 32]), S, bugs)) == Some(Code::BadKey)),
    ("PRIM-12", |bugs| pad(b"abc", bugs).ends_with(&[13; 13])),
    ("PRIM-13", |bugs| {
        code(unpad(b"0123456789abc\x01\x02\x03", bugs)) == Some(Code::InvalidMessage)
    }),
    ("IDENTITY-1", |bugs| {
        signed(Rule::Libsignal, [1; 64], bugs) == signed(Rule::Libsignal, [1; 64], Bugs::NONE)
    }),
    ("IDENTITY-2", |bugs| {
        signed(Rule::Libsignal, [1; 64], bugs) == signed(Rule::Libsignal, [1; 64], Bugs::NONE)
    }),
    ("IDENTITY-3", |bugs| verifies(|_| {}, C, bugs)),
    ("IDENTITY-4", |bugs| !verifies(|signature| signature.push(0), C, bugs)),
    ("IDENTITY-5", |bugs| !verifies(|signature| signature[63] |= 0x20, C, bugs)),
    ("IDENTITY-6", |bugs| verifies(|signature| add_order(signature), C, bugs)),
    ("IDENTITY-7", |bugs| !verifies(|signature| add_order(signature), S, bugs)),
    ("IDENTITY-8", |bugs| {
        let mut minus_one = [0xff; 32];
        (minus_one[0], minus_one[31]) = (0xec, 0x7f);
        xeddsa::verify(&with_type(&minus_one), b"m", &[0; 64], C, bugs).is_err()
    }),
    ("IDENTITY-9", |bugs| !verifies(|signature| signature[0] ^= 1, C, bugs)),
    ("IDENTITY-10", |bugs| {
        xeddsa::verify(&with_type(&[0; 32]), &order_two(), &forged(), S, bugs).is_err()
    }),
    ("IDENTITY-11", |bugs| {
        let signature = signed(Rule::Paper, [1; 64], bugs);
        signature == signed(Rule::Paper, [1; 64], Bugs::NONE) && signature[63] & 0x80 == 0
    }),
    ("IDENTITY-12", |bugs| !verifies(|_| {}, N, bugs)),
    ("IDENTITY-13", |bugs| {
        let mut world = World::receiver(bugs).established();
        world.alice.identity = KeyPair::new([1; 32], Bugs::NONE);
        world.begin(Some(8)).unwrap();
        let sealed = world.seal(true, "other identity");
        code(world.bob_gets(&sealed)) == Some(Code::UntrustedIdentity)
    }),
    ("IDENTITY-14", |bugs| {
        let mut world = World::receiver(bugs);
        world.begin(Some(9)).unwrap();
        let Sealed { kind, mut bytes } = world.seal(true, "hello");
        let place = bytes.len() - 20;
        bytes[place] ^= 1;
        let alice = world.alices();
        drop(session::decrypt(&mut world.bob, &alice, kind, &bytes, &mut world.draws));
        world.bob.identities.is_empty()
    }),
];

/// A key whose A has sign 1.
fn key() -> [u8; 32] {
    let negative = |seed: &u8| {
        let pair = KeyPair::new([*seed; 32], Bugs::NONE);
        xeddsa::sign(&pair.private, b"m", &[1; 64], Rule::Libsignal, Bugs::NONE)[63] & 0x80 != 0
    };
    KeyPair::new([(8..).find(negative).unwrap(); 32], Bugs::NONE).private
}

fn signed(rule: Rule, random: [u8; 64], bugs: Bugs) -> [u8; 64] {
    xeddsa::sign(&key(), b"m", &random, rule, bugs)
}

fn verifies(change: impl Fn(&mut Vec<u8>), profile: Profile, bugs: Bugs) -> bool {
    let mut signature = signed(Rule::Libsignal, [1; 64], Bugs::NONE).to_vec();
    change(&mut signature);
    xeddsa::verify(&public_of(&key()), b"m", &signature, profile, bugs).is_ok()
}

fn add_order(signature: &mut [u8]) {
    let sign = signature[63] & 0x80;
    signature[63] &= 0x7f;
    let mut carry = 0;
    for (byte, addend) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(addend) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    signature[63] |= sign;
}

/// R = identity point, s = 0: fits any message whose h is even under a key of order 2.
fn forged() -> [u8; 64] {
    let mut signature = [0; 64];
    signature[0] = 1;
    signature
}

/// A message with an even h under the key u = 0 and [`forged`].
fn order_two() -> Vec<u8> {
    let public: Public = with_type(&[0; 32]);
    let fits =
        |message: &u8| xeddsa::verify(&public, &[*message], &forged(), C, Bugs::NONE).is_ok();
    vec![(0..).find(fits).unwrap()]
}
