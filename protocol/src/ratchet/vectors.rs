//! Replays the derivations of the version-3 ratchet and of the handshake that begins it.

use super::*;
use crate::keys::SharedSecret;
use crate::primitives::cbc;
use crate::vectors::{Input, Output, replay};
use crate::x3dh;

#[test]
fn root_steps() {
    replay("signal-v3 root step", &[], |input| {
        let agreement = SharedSecret::from_bytes(input.array("agreement"));
        let (root, chain) = root(input).advance(&agreement, ROOT_LABEL);
        vec![("root_key", root.as_bytes().to_vec()), ("chain_key", chain.as_bytes().to_vec())]
    });
}

#[test]
fn chain_steps() {
    replay("chain step", &[], |input| {
        let chain = ChainKey::from_bytes(input.array("chain_key"));
        let (seed, next) = chain.step();
        assert_eq!(chain.pass().as_bytes(), next.as_bytes());
        vec![("seed", seed.as_bytes().to_vec()), ("chain_key", next.as_bytes().to_vec())]
    });
}

#[test]
fn message_keys() {
    replay("signal-v3 message keys", &[], |input| {
        let keys = MessageKeys::of(&Seed::from_bytes(input.array("seed")));
        vec![
            ("cipher_key", keys.cipher_key().to_vec()),
            ("mac_key", keys.mac_key_bytes().to_vec()),
            ("iv", keys.iv().to_vec()),
        ]
    });
}

#[test]
fn bodies() {
    replay("signal-v3 body", &["padded"], |input| {
        let (key, iv) = (input.array("cipher_key"), input.array("iv"));
        let mut ciphertext = input.bytes("plaintext");
        cbc::encrypt_tail(&key, &iv, &mut ciphertext, 0);
        let mut opened = ciphertext.clone();
        assert_eq!(cbc::decrypt(&key, &iv, &mut opened), Some(()));
        assert_eq!(opened, input.bytes("plaintext"));
        vec![("ciphertext", ciphertext)]
    });
}

#[test]
fn ratchet_steps() {
    replay("signal-v3 ratchet step", &[], |input| {
        let theirs = input.public("remote_ratchet_public");
        let received = input.private("own_ratchet_private").agree(&theirs);
        let (root_key, receiving) = root(input).advance(&received, ROOT_LABEL);
        let private = input.private("new_ratchet_private");
        let sent = private.agree(&theirs);
        let public = private.public_key();
        let mut ratchet = Ratchet {
            root_key,
            sending: Sending::Due { private, theirs },
            receiver_chains: Vec::new(),
            previous_counter: 0,
        };
        let sending = due_chain(&mut ratchet);
        vec![
            ("receiving_agreement", received.as_bytes().to_vec()),
            ("receiving_chain_key", receiving.as_bytes().to_vec()),
            ("sending_agreement", sent.as_bytes().to_vec()),
            ("sending_chain_key", sending),
            ("new_ratchet_public", public.to_bytes().to_vec()),
            ("root_key", ratchet.root_key.as_bytes().to_vec()),
        ]
    });
}

#[test]
fn handshakes() {
    replay("signal-v3 handshake", &["ikm"], |input| {
        let identity = input.private("initiator_identity_private");
        let base = input.private("ephemeral_private");
        let their_identity = input.private("responder_identity_private");
        let their_signed = input.private("signed_prekey_private");
        let their_one_time = input.optional_private("one_time_prekey_private");
        let one_time_public = their_one_time.as_ref().map(PrivateKey::public_key);
        let initiator = x3dh::Initiator {
            identity: &identity,
            base: &base,
            their_identity: &their_identity.public_key(),
            their_signed_prekey: &their_signed.public_key(),
            their_one_time_prekey: one_time_public.as_ref(),
        };
        let responder = x3dh::Responder {
            identity: &their_identity,
            signed_prekey: &their_signed,
            one_time_prekey: their_one_time.as_ref(),
            their_identity: &identity.public_key(),
            their_base: &base.public_key(),
        };
        let (root_key, chain_key) = initiator.agree(Profile::Strict).unwrap();
        let (same_root, same_chain) = responder.agree(Profile::Strict).unwrap();
        assert_eq!(root_key.as_bytes(), same_root.as_bytes());
        assert_eq!(chain_key.as_bytes(), same_chain.as_bytes());
        let mut output = vec![
            ("root_key", root_key.as_bytes().to_vec()),
            ("chain_key", chain_key.as_bytes().to_vec()),
            ("dh1", identity.agree(initiator.their_signed_prekey).as_bytes().to_vec()),
            ("dh2", base.agree(initiator.their_identity).as_bytes().to_vec()),
            ("dh3", base.agree(initiator.their_signed_prekey).as_bytes().to_vec()),
            ("initiator_identity_public", identity.public_key().to_bytes().to_vec()),
            ("ephemeral_public", base.public_key().to_bytes().to_vec()),
            ("responder_identity_public", initiator.their_identity.to_bytes().to_vec()),
            ("signed_prekey_public", initiator.their_signed_prekey.to_bytes().to_vec()),
        ];
        if let Some(public) = &one_time_public {
            output.push(("one_time_prekey_public", public.to_bytes().to_vec()));
            output.push(("dh4", base.agree(public).as_bytes().to_vec()));
        }
        output.extend(first_step(input, (root_key, chain_key), their_signed.public_key()));
        output
    });
}

/// The initiator's first root step.
fn first_step(input: &Input<'_>, keys: (RootKey, ChainKey), signed_prekey: PublicKey) -> Output {
    let private = input.private("ratchet_private");
    let agreement = private.agree(&signed_prekey);
    let public = private.public_key();
    let mut ratchet = Ratchet::initiator(keys, signed_prekey, private);
    let sending = due_chain(&mut ratchet);
    vec![
        ("ratchet_public", public.to_bytes().to_vec()),
        ("ratchet_agreement", agreement.as_bytes().to_vec()),
        ("initiator_root_key", ratchet.root_key.as_bytes().to_vec()),
        ("initiator_sending_chain_key", sending),
    ]
}

fn due_chain(ratchet: &mut Ratchet) -> Vec<u8> {
    ratchet.compute_due_step();
    let Sending::Chain { chain_key, .. } = &ratchet.sending else { panic!("no step was due") };
    chain_key.as_bytes().to_vec()
}

fn root(input: &Input<'_>) -> RootKey {
    RootKey::from_bytes(input.array("root_key"))
}
