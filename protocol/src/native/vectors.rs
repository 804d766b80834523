//! Replays the derivations of this suite.

use super::DeviceName;
use super::handshake::{self, ResponderKeys};
use super::ratchet::{MessageKeys, ROOT_LABEL, Ratchet};
use super::wire::HandshakeFields;
use crate::ids::{OneTimePrekeyId, SignedPrekeyId};
use crate::keys::{IdentityKeyPair, KeyPair, PrivateKey, SharedSecret};
use crate::ratchet::{RootKey, Seed};
use crate::vectors::{Input, replay};

#[test]
fn root_steps() {
    replay("ratchet-chacha20 root step", &[], |input| {
        let agreement = SharedSecret::from_bytes(input.array("agreement"));
        let (root, chain) = root(input).advance(&agreement, ROOT_LABEL);
        vec![("root_key", root.as_bytes().to_vec()), ("chain_key", chain.as_bytes().to_vec())]
    });
}

#[test]
fn message_keys() {
    replay("ratchet-chacha20 message keys", &[], |input| {
        let keys = MessageKeys::of(&Seed::from_bytes(input.array("seed")));
        vec![("key", keys.key.as_bytes().to_vec()), ("nonce", keys.nonce.to_vec())]
    });
}

#[test]
fn ratchet_steps() {
    replay("ratchet-chacha20 ratchet step", &[], |input| {
        let theirs = input.public("remote_ratchet_public");
        let received = input.private("own_ratchet_private").agree(&theirs);
        let (between, receiving) = root(input).advance(&received, ROOT_LABEL);
        let private = input.private("new_ratchet_private");
        let sent = private.agree(&theirs);
        let (root_key, sending) = between.advance(&sent, ROOT_LABEL);
        vec![
            ("receiving_agreement", received.as_bytes().to_vec()),
            ("receiving_chain_key", receiving.as_bytes().to_vec()),
            ("sending_agreement", sent.as_bytes().to_vec()),
            ("sending_chain_key", sending.as_bytes().to_vec()),
            ("new_ratchet_public", private.public_key().to_bytes().to_vec()),
            ("root_key", root_key.as_bytes().to_vec()),
        ]
    });
}

#[test]
fn handshakes() {
    replay("ratchet-chacha20 handshake", &["transcript", "ikm"], |input| {
        let pair = |key: &str| KeyPair::from_private(input.private(key));
        let identity = input.private("initiator_identity_private");
        let ephemeral = input.private("ephemeral_private");
        let theirs = IdentityKeyPair::from_private(input.private("responder_identity_private"));
        let signed = pair("signed_prekey_private");
        let one_time = input.optional_private("one_time_prekey_private").map(KeyPair::from_private);
        let fields = fields(input, &identity, &ephemeral);
        let responder = ResponderKeys {
            identity: theirs.public(),
            signed_prekey: signed.public(),
            one_time_prekey: one_time.as_ref().map(KeyPair::public),
        };
        let (root_key, session_id) =
            handshake::initiate(&fields, responder, &identity, &ephemeral).unwrap();
        let (same_root, same_id) =
            handshake::respond(&fields, &theirs, &signed, one_time.as_ref()).unwrap();
        assert_eq!(root_key.as_bytes(), same_root.as_bytes());
        assert_eq!(session_id.as_bytes(), same_id.as_bytes());
        let own = pair("ratchet_private");
        let agreement = own.private().agree(signed.public());
        let hash = handshake::transcript_hash(&fields, responder);
        let mut output = vec![
            ("transcript_hash", hash.to_vec()),
            ("root_key", root_key.as_bytes().to_vec()),
            ("session_id", session_id.as_bytes().to_vec()),
            ("dh1", identity.agree(signed.public()).as_bytes().to_vec()),
            ("dh2", ephemeral.agree(theirs.public()).as_bytes().to_vec()),
            ("dh3", ephemeral.agree(signed.public()).as_bytes().to_vec()),
            ("initiator_identity_public", identity.public_key().to_bytes().to_vec()),
            ("ephemeral_public", ephemeral.public_key().to_bytes().to_vec()),
            ("responder_identity_public", theirs.public().to_bytes().to_vec()),
            ("signed_prekey_public", signed.public().to_bytes().to_vec()),
            ("ratchet_public", own.public().to_bytes().to_vec()),
            ("ratchet_agreement", agreement.as_bytes().to_vec()),
        ];
        if let Some(key) = &one_time {
            output.push(("one_time_prekey_public", key.public().to_bytes().to_vec()));
            output.push(("dh4", ephemeral.agree(key.public()).as_bytes().to_vec()));
        }
        let ratchet = Ratchet::initiator(session_id, &root_key, own, signed.public()).unwrap();
        let sending = ratchet.sending.unwrap().key;
        output.push(("initiator_root_key", ratchet.root_key.as_bytes().to_vec()));
        output.push(("initiator_sending_chain_key", sending.as_bytes().to_vec()));
        output
    });
}

fn fields(input: &Input<'_>, identity: &PrivateKey, ephemeral: &PrivateKey) -> HandshakeFields {
    let name = |key: &str| DeviceName::from_bytes(&input.array(key)).unwrap();
    HandshakeFields {
        initiator: name("initiator_name"),
        responder: name("responder_name"),
        initiator_identity: identity.public_key(),
        ephemeral: ephemeral.public_key(),
        signed_prekey: SignedPrekeyId(input.number("signed_prekey_id").unwrap()),
        one_time_prekey: input.number("one_time_prekey_id").map(OneTimePrekeyId),
    }
}

fn root(input: &Input<'_>) -> RootKey {
    RootKey::from_bytes(input.array("root_key"))
}
