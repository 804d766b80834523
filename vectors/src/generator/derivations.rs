//! Functions with all their intermediate values: key derivation, X3DH and single ratchet steps.

use serde_json::{Value, json};

use super::VectorRng;
use super::file::{Body, Vector, VectorFile};
use super::scenario::{BOTH, NATIVE};
use crate::naive::bugs::Bugs;
use crate::naive::groups;
use crate::naive::keys::{Private, Public, clamp, dh, public_of, raw};
use crate::naive::native::handshake::{self, Transcript};
use crate::naive::native::ratchet as native_ratchet;
use crate::naive::native::wire::DeviceName;
use crate::naive::primitives::{cbc_encrypt, pad, sha256};
use crate::naive::ratchet;

const OFF: Bugs = Bugs::NONE;

pub fn file() -> VectorFile {
    let vectors = [kdf(), messages(), x3dh(), native_handshakes(), steps()].concat();
    VectorFile {
        name: "derivations",
        title: "Key derivation with all intermediate values",
        notes: &[],
        vectors,
    }
}

fn vector(
    id: &str,
    profile: &'static str,
    requirement: &str,
    function: &'static str,
    input: Value,
    output: Value,
) -> Vector {
    Vector {
        id: format!("derivations/{id}"),
        comment: function.to_owned(),
        requirements: vec![requirement.to_owned()],
        profile,
        notes: Vec::new(),
        body: Body::Derivation { function, input, output },
    }
}

fn hexed(bytes: impl AsRef<[u8]>) -> Value {
    json!(hex::encode(bytes))
}

fn kdf() -> Vec<Vector> {
    let mut made = Vec::new();
    for number in 1..=3 {
        let mut rng = VectorRng::of(&format!("derivations/kdf/{number}"));
        let (key, other): ([u8; 32], [u8; 32]) = (rng.bytes(), rng.bytes());
        let root_input = json!({ "root_key": hexed(key), "agreement": hexed(other) });
        let (root, chain) = ratchet::kdf_root(&key, &other, OFF);
        let output = json!({ "root_key": hexed(root), "chain_key": hexed(chain) });
        let id = format!("root/signal-v3-{number}");
        let input = root_input.clone();
        made.push(vector(&id, BOTH, "RATCHET-1", "signal-v3 root step", input, output));
        let (root, chain) = native_ratchet::root_step(&key, &other, OFF);
        let output = json!({ "root_key": hexed(root), "chain_key": hexed(chain.key) });
        let id = format!("root/ratchet-chacha20-{number}");
        let function = "ratchet-chacha20 root step";
        made.push(vector(&id, NATIVE, "NATIVE-10", function, root_input, output));
        let (seed, next) = ratchet::chain_step(&key, OFF);
        let input = json!({ "chain_key": hexed(key) });
        let output = json!({ "seed": hexed(seed), "chain_key": hexed(next) });
        let id = format!("chain/{number}");
        made.push(vector(&id, BOTH, "RATCHET-2", "chain step", input, output));
        made.extend(message_keys(number, &key));
    }
    made
}

fn message_keys(number: u32, seed: &[u8; 32]) -> Vec<Vector> {
    let input = json!({ "seed": hexed(seed) });
    let keys = ratchet::message_keys(seed, OFF);
    let signal = json!({
        "cipher_key": hexed(keys.cipher_key), "mac_key": hexed(keys.mac_key), "iv": hexed(keys.iv)
    });
    let (iv, cipher_key) = groups::message_keys(seed, OFF);
    let group = json!({ "iv": hexed(iv), "cipher_key": hexed(cipher_key) });
    let (key, nonce) = native_ratchet::message_keys(seed, OFF);
    let native = json!({ "key": hexed(key), "nonce": hexed(nonce) });
    [
        ("signal-v3", BOTH, "RATCHET-3", "signal-v3 message keys", signal),
        ("sender-key-v3", BOTH, "GROUP-3", "sender-key-v3 message keys", group),
        ("ratchet-chacha20", NATIVE, "NATIVE-10", "ratchet-chacha20 message keys", native),
    ]
    .into_iter()
    .map(|(suite, profile, requirement, function, output)| {
        let id = format!("message-keys/{suite}-{number}");
        vector(&id, profile, requirement, function, input.clone(), output)
    })
    .collect()
}

/// Padding, body and MAC of version 3; body of the native suite.
fn messages() -> Vec<Vector> {
    let mut made = Vec::new();
    for length in [0, 1, 15, 16, 17, 100] {
        let mut rng = VectorRng::of(&format!("derivations/body/{length}"));
        let plaintext = rng.many(length);
        let (key, mut iv): ([u8; 32], [u8; 16]) = (rng.bytes(), [0; 16]);
        iv.copy_from_slice(&rng.many(16));
        let padded = pad(&plaintext, OFF);
        let input = json!({
            "cipher_key": hexed(key), "iv": hexed(iv), "plaintext": hexed(&plaintext)
        });
        let ciphertext = cbc_encrypt(&key, &iv, &padded);
        let output = json!({ "padded": hexed(padded), "ciphertext": hexed(ciphertext) });
        let id = format!("body/signal-v3-{length}-bytes");
        made.push(vector(&id, BOTH, "PRIM-12", "signal-v3 body", input, output));
    }
    for number in 1..=2 {
        let mut rng = VectorRng::of(&format!("derivations/mac/{number}"));
        let mac_key = rng.bytes();
        let (sender, receiver) = (public_of(&rng.bytes()), public_of(&rng.bytes()));
        let message = [vec![0x34], rng.many(60)].concat();
        let input = json!({
            "mac_key": hexed(mac_key), "sender_identity": hexed(sender),
            "receiver_identity": hexed(receiver), "message": hexed(&message),
        });
        let mac = ratchet::mac(&mac_key, &sender, &receiver, &message, OFF);
        let id = format!("mac/{number}");
        let output = json!({ "mac": hexed(mac) });
        made.push(vector(&id, BOTH, "RATCHET-5", "signal-v3 MAC", input, output));
    }
    made
}

/// The private keys of a handshake.
struct Keys {
    initiator: Private,
    ephemeral: Private,
    responder: Private,
    signed_prekey: Private,
    one_time_prekey: Option<Private>,
    ratchet: Private,
}

impl Keys {
    fn draw(rng: &mut VectorRng, one_time: bool) -> Self {
        let mut key = || clamp(rng.bytes());
        Self {
            initiator: key(),
            ephemeral: key(),
            responder: key(),
            signed_prekey: key(),
            ratchet: key(),
            one_time_prekey: one_time.then(key),
        }
    }

    fn input(&self) -> Value {
        json!({
            "initiator_identity_private": hexed(self.initiator),
            "ephemeral_private": hexed(self.ephemeral),
            "responder_identity_private": hexed(self.responder),
            "signed_prekey_private": hexed(self.signed_prekey),
            "one_time_prekey_private": self.one_time_prekey.map(hexed),
            "ratchet_private": hexed(self.ratchet),
        })
    }

    /// DH1 to DH3 or DH4, as the initiator computes them.
    fn agreements(&self) -> Vec<[u8; 32]> {
        let (identity, signed) = (public_of(&self.responder), public_of(&self.signed_prekey));
        let mut made = vec![
            dh(&self.initiator, &signed),
            dh(&self.ephemeral, &identity),
            dh(&self.ephemeral, &signed),
        ];
        made.extend(self.one_time_prekey.map(|key| dh(&self.ephemeral, &public_of(&key))));
        debug_assert_eq!(made[0], dh(&self.signed_prekey, &public_of(&self.initiator)));
        made
    }

    /// What both roles compute on the way; `ikm_prefix` goes before the agreements.
    fn output(&self, ikm_prefix: &[u8]) -> Value {
        let agreements = self.agreements();
        let publics = [
            ("initiator_identity", Some(&self.initiator)),
            ("ephemeral", Some(&self.ephemeral)),
            ("responder_identity", Some(&self.responder)),
            ("signed_prekey", Some(&self.signed_prekey)),
            ("one_time_prekey", self.one_time_prekey.as_ref()),
            ("ratchet", Some(&self.ratchet)),
        ];
        let mut output = json!({
            "dh1": hexed(agreements[0]), "dh2": hexed(agreements[1]), "dh3": hexed(agreements[2]),
            "dh4": agreements.get(3).map(hexed),
            "ikm": hexed([ikm_prefix, &agreements.concat()].concat()),
        });
        for (name, private) in publics {
            let public: Option<Public> = private.map(public_of);
            output[format!("{name}_public")] = json!(public.map(hex::encode));
        }
        output
    }
}

fn x3dh() -> Vec<Vector> {
    let mut made = Vec::new();
    for (slug, one_time) in [("with-one-time-prekey", true), ("without-one-time-prekey", false)] {
        for number in 1..=2 {
            let id = format!("x3dh/{slug}-{number}");
            let keys = Keys::draw(&mut VectorRng::of(&id), one_time);
            let (root_key, chain_key) = ratchet_first(&keys);
            let agreed = dh(&keys.ratchet, &public_of(&keys.signed_prekey));
            let (next_root, sending) = ratchet::kdf_root(&root_key, &agreed, OFF);
            let mut output = keys.output(&[0xff; 32]);
            output["root_key"] = hexed(root_key);
            output["chain_key"] = hexed(chain_key);
            output["ratchet_agreement"] = hexed(agreed);
            output["initiator_root_key"] = hexed(next_root);
            output["initiator_sending_chain_key"] = hexed(sending);
            let requirement = if one_time { "HANDSHAKE-2" } else { "HANDSHAKE-1" };
            made.push(vector(&id, BOTH, requirement, "signal-v3 handshake", keys.input(), output));
        }
    }
    made
}

fn ratchet_first(keys: &Keys) -> ([u8; 32], [u8; 32]) {
    crate::naive::x3dh::first_keys(&keys.agreements(), OFF)
}

fn native_handshakes() -> Vec<Vector> {
    let mut made = Vec::new();
    for (slug, one_time) in [("with-one-time-prekey", true), ("without-one-time-prekey", false)] {
        for number in 1..=2 {
            let id = format!("native-handshake/{slug}-{number}");
            let mut rng = VectorRng::of(&id);
            let keys = Keys::draw(&mut rng, one_time);
            let mut name = |device_id| DeviceName {
                account_id: rng.bytes(),
                device_id,
                incarnation: rng.bytes(),
            };
            let (initiator, responder) = (name(1), name(127));
            let ids = (7, 0x0102_0304);
            let mut input = keys.input();
            input["initiator_name"] = hexed(initiator.encode());
            input["responder_name"] = hexed(responder.encode());
            input["signed_prekey_id"] = json!(ids.0);
            input["one_time_prekey_id"] = json!(one_time.then_some(ids.1));
            let of = |private: &Private| raw(&public_of(private));
            let transcript = Transcript {
                initiator,
                responder,
                initiator_identity: of(&keys.initiator),
                responder_identity: of(&keys.responder),
                ephemeral: of(&keys.ephemeral),
                signed_prekey_id: ids.0,
                signed_prekey: of(&keys.signed_prekey),
                one_time_prekey: keys.one_time_prekey.map(|key| (ids.1, of(&key))),
            };
            let output = native_output(&keys, &transcript);
            let function = "ratchet-chacha20 handshake";
            made.push(vector(&id, NATIVE, "NATIVE-7", function, input, output));
        }
    }
    made
}

fn native_output(keys: &Keys, transcript: &Transcript) -> Value {
    let derived = handshake::keys(transcript, &keys.agreements(), OFF);
    let agreed = dh(&keys.ratchet, &public_of(&keys.signed_prekey));
    let (root_key, sending) = native_ratchet::root_step(&derived.root_key, &agreed, OFF);
    let mut output = keys.output(&[]);
    output["transcript"] = hexed(transcript.encode(OFF));
    output["transcript_hash"] = hexed(sha256(&[&transcript.encode(OFF)]));
    output["root_key"] = hexed(derived.root_key);
    output["session_id"] = hexed(derived.session_id);
    output["ratchet_agreement"] = hexed(agreed);
    output["initiator_root_key"] = hexed(root_key);
    output["initiator_sending_chain_key"] = hexed(sending.key);
    output
}

/// A whole ratchet step at receive time, in both suites.
fn steps() -> Vec<Vector> {
    let mut made = Vec::new();
    for number in 1..=3 {
        let mut rng = VectorRng::of(&format!("derivations/step/{number}"));
        let root_key: [u8; 32] = rng.bytes();
        let [own, remote, new] = [(); 3].map(|()| clamp(rng.bytes()));
        let input = json!({
            "root_key": hexed(root_key), "own_ratchet_private": hexed(own),
            "remote_ratchet_public": hexed(public_of(&remote)),
            "new_ratchet_private": hexed(new),
        });
        let remote = public_of(&remote);
        let (first, second) = (dh(&own, &remote), dh(&new, &remote));
        let (middle, receiving) = ratchet::kdf_root(&root_key, &first, OFF);
        let (last, sending) = ratchet::kdf_root(&middle, &second, OFF);
        let output = step_output([first, receiving, second, sending, last], &new);
        let id = format!("step/signal-v3-{number}");
        let function = "signal-v3 ratchet step";
        made.push(vector(&id, BOTH, "RATCHET-12", function, input.clone(), output));
        let (middle, receiving) = native_ratchet::root_step(&root_key, &first, OFF);
        let (last, sending) = native_ratchet::root_step(&middle, &second, OFF);
        let output = step_output([first, receiving.key, second, sending.key, last], &new);
        let id = format!("step/ratchet-chacha20-{number}");
        made.push(vector(&id, NATIVE, "NATIVE-10", "ratchet-chacha20 ratchet step", input, output));
    }
    made
}

fn step_output(keys: [[u8; 32]; 5], new: &Private) -> Value {
    let [first, receiving, second, sending, root_key] = keys.map(hexed);
    json!({
        "receiving_agreement": first, "receiving_chain_key": receiving,
        "sending_agreement": second, "sending_chain_key": sending, "root_key": root_key,
        "new_ratchet_public": hexed(public_of(new)),
    })
}
