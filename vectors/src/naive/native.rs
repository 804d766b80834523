//! Suite ratchet-chacha20: how its handshake and ratchet serve the sessions of a party.
//! Spec: spec/native.md
//!
//! The rules about records of sessions are the same in both suites and stand in `session.rs`.

use std::collections::VecDeque;

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::keys::{KeyPair, Private, Profile, Public, agree, decode_public, raw, with_type};
use super::party::{
    Address, Bundle, BundleKey, Chain, OneTimePrekey, Party, Pending, Session, SignedPrekey,
};
use super::primitives::Draws;
use super::session::Opening;
use super::state::dump_struct;
use super::xeddsa;

pub mod handshake;
pub mod ratchet;
pub mod wire;

use handshake::{HandshakeKeys, Transcript};
use wire::{DeviceName, HandshakeMessage, RatchetMessage};

/// What a session of this suite has beyond the shared fields.
///
/// `receiver_chains` holds the one receiving chain, `previous_counter` is previous_length.
#[derive(Clone, Default)]
pub struct NativePart {
    pub session_id: [u8; 32],
    /// ((ratchet key, counter), seed), oldest stored first.
    pub seeds: VecDeque<((Public, u32), [u8; 32])>,
}

dump_struct!(NativePart { session_id, seeds });

/// What a signed prekey's signature covers.
pub fn signed_prekey_message(id: u32, public: &Public, bugs: Bugs) -> Vec<u8> {
    handshake::signed_prekey_message(id, &raw(public), bugs)
}

/// What a one-time prekey's signature covers.
pub fn one_time_prekey_message(id: u32, public: &Public, bugs: Bugs) -> Vec<u8> {
    handshake::one_time_prekey_message(id, &raw(public), bugs)
}

/// The wire name of a device.
///
/// Refuses with `bad_request` what is no UUID, no device id, or has no incarnation.
pub fn device_name(
    name: &str,
    device_id: u32,
    incarnation: Option<[u8; 16]>,
) -> Outcome<DeviceName> {
    let refused = || Fault::new(Code::BadRequest, "no name of a device of this suite");
    let digits: String = name.chars().filter(|&digit| digit != '-').collect();
    let bytes = hex::decode(digits).map_err(|_| refused())?;
    Ok(DeviceName {
        account_id: bytes.try_into().map_err(|_| refused())?,
        device_id: u8::try_from(device_id).map_err(|_| refused())?,
        incarnation: incarnation.ok_or_else(refused)?,
    })
}

fn own_name(party: &Party) -> Outcome<DeviceName> {
    device_name(&party.name, party.device_id, Some(party.incarnation))
}

fn peer_name(peer: &Address) -> Outcome<DeviceName> {
    device_name(&peer.name, peer.device_id, peer.incarnation)
}

/// Compares a bundle's name with the peer's.
///
/// Refuses with the errors of key decoding, and `invalid_message`.
pub fn check_bundle(party: &Party, peer: &Address, bundle: &Bundle) -> Outcome<()> {
    let bugs = party.bugs;
    for key in std::iter::once(&bundle.signed_prekey).chain(&bundle.one_time_prekey) {
        decode_public(&key.public, Profile::Native, bugs)?;
    }
    let fits = bundle.name.as_ref() == Some(&peer.name)
        && bundle.device_id == peer.device_id
        && bundle.incarnation == peer.incarnation;
    if !fits && !bugs.has(Bug::Native6BundleNameIgnored) {
        return Err(Fault::invalid("bundle of another device"));
    }
    Ok(())
}

/// Makes an initiator's session from a bundle; draws ephemeral 32, ratchet 32.
///
/// Refuses with `invalid_message`, `bad_signature` and `bad_agreement`. Trust is the caller's.
pub fn initiate(
    party: &Party,
    peer: &Address,
    bundle: &Bundle,
    identity: &Public,
    now_ms: u64,
    draws: &mut Draws,
) -> Outcome<Session> {
    let bugs = party.bugs;
    check_bundle(party, peer, bundle)?;
    let signed = decode_public(&bundle.signed_prekey.public, Profile::Native, bugs)?;
    check_signed_prekey(identity, &bundle.signed_prekey, &signed, bugs)?;
    let mut one_time = None;
    if let Some(key) = &bundle.one_time_prekey {
        let public = decode_public(&key.public, Profile::Native, bugs)?;
        check_one_time_prekey(identity, key, &public, bugs)?;
        one_time = Some((key.id, public));
    }
    let (ephemeral, own) = draw_pairs(draws, bugs)?;
    let transcript = Transcript {
        initiator: own_name(party)?,
        responder: peer_name(peer)?,
        initiator_identity: raw(&party.identity.public),
        responder_identity: raw(identity),
        ephemeral: raw(&ephemeral.public),
        signed_prekey_id: bundle.signed_prekey.id,
        signed_prekey: raw(&signed),
        one_time_prekey: one_time.map(|(id, key)| (id, raw(&key))),
    };
    let mut pairs = vec![
        (party.identity.private, signed),
        (ephemeral.private, *identity),
        (ephemeral.private, signed),
    ];
    pairs.extend(one_time.map(|(_, key)| (ephemeral.private, key)));
    let keys = handshake::keys(&transcript, &handshake::agreements(&pairs, bugs)?, bugs);
    let agreed = agree(&own.private, &signed, Profile::Native, bugs)?;
    let (root_key, sender_chain) = ratchet::root_step(&keys.root_key, &agreed, bugs);
    let pending = Pending {
        signed_prekey_id: bundle.signed_prekey.id,
        one_time_prekey_id: one_time.map(|(id, _)| id),
        begun_ms: now_ms,
    };
    let parties = (party.identity.public, *identity, ephemeral.public);
    let keys = HandshakeKeys { root_key, ..keys };
    Ok(Session { sender_chain, pending: Some(pending), ..session(parties, &keys, own) })
}

fn draw_pairs(draws: &mut Draws, bugs: Bugs) -> Outcome<(KeyPair, KeyPair)> {
    let first = KeyPair::new(draws.take()?, bugs);
    let second = KeyPair::new(draws.take()?, bugs);
    Ok(if bugs.has(Bug::Native34DrawsSwapped) { (second, first) } else { (first, second) })
}

fn check_signed_prekey(
    identity: &Public,
    key: &BundleKey,
    public: &Public,
    bugs: Bugs,
) -> Outcome<()> {
    if bugs.has(Bug::Native3SignatureNotChecked) {
        return Ok(());
    }
    let message = signed_prekey_message(key.id, public, Bugs::NONE);
    let signature = key.signature.as_deref().unwrap_or_default();
    xeddsa::verify(identity, &message, signature, Profile::Native, bugs)
}

fn check_one_time_prekey(
    identity: &Public,
    key: &BundleKey,
    public: &Public,
    bugs: Bugs,
) -> Outcome<()> {
    if bugs.has(Bug::Native4OneTimeSignatureNotChecked) {
        return Ok(());
    }
    let signature = key.signature.as_deref().unwrap_or_default();
    let verify =
        |message: &[u8]| xeddsa::verify(identity, message, signature, Profile::Native, bugs);
    let other_label = signed_prekey_message(key.id, public, Bugs::NONE);
    if bugs.has(Bug::Native5OneLabelAccepted) && verify(&other_label).is_ok() {
        return Ok(());
    }
    verify(&one_time_prekey_message(key.id, public, Bugs::NONE))
}

/// A session after the handshake. `parties`: local identity, remote identity, ephemeral key.
fn session(parties: (Public, Public, Public), keys: &HandshakeKeys, own: KeyPair) -> Session {
    Session {
        local_identity: parties.0,
        remote_identity: parties.1,
        base_key: parties.2,
        pending: None,
        root_key: keys.root_key,
        ratchet_pair: own,
        // A responder has none before its first ratchet step, which comes with its first message.
        sender_chain: Chain { key: [0; 32], index: 0 },
        receiver_chains: VecDeque::new(),
        previous_counter: 0,
        native: NativePart { session_id: keys.session_id, seeds: VecDeque::new() },
        due_step: None,
        leak: false,
        history: Vec::new(),
        used_seeds: Vec::new(),
    }
}

/// Decodes a message of type 3 and compares the names in it with one's own and the peer's.
///
/// Refuses with `unknown_version`, `malformed`, `bad_key`, and then `invalid_message`.
pub fn decode_handshake(party: &Party, peer: &Address, bytes: &[u8]) -> Outcome<Opening> {
    let bugs = party.bugs;
    let (message, _) = HandshakeMessage::decode(bytes, bugs)?;
    if message.responder != own_name(party)? && !bugs.has(Bug::Native18ResponderIgnored) {
        return Err(Fault::invalid("another responder"));
    }
    if message.initiator != peer_name(peer)? && !bugs.has(Bug::Native19InitiatorIgnored) {
        return Err(Fault::invalid("another initiator"));
    }
    Ok(Opening {
        identity: with_type(&message.initiator_identity),
        base_key: with_type(&message.ephemeral),
        registration_id: 0,
        signed_prekey_id: message.signed_prekey_id,
        one_time_prekey_id: message.one_time_prekey_id,
        message: message.message,
        names: Some((message.initiator, message.responder)),
    })
}

/// Makes a responder's session from a handshake message.
///
/// Refuses with `unknown_signed_prekey`, `unknown_prekey` and `bad_agreement`.
pub fn respond(
    party: &Party,
    peer: &Address,
    opening: &Opening,
    _draws: &mut Draws,
) -> Outcome<Session> {
    let bugs = party.bugs;
    let signed = signed_prekey(party, opening.signed_prekey_id)?;
    let one_time = match opening.one_time_prekey_id {
        Some(id) => one_time_prekey(party, id)?.map(|key| (id, key)),
        None => None,
    };
    let (initiator, responder) = match &opening.names {
        Some(names) => names.clone(),
        None => (peer_name(peer)?, own_name(party)?),
    };
    let transcript = Transcript {
        initiator,
        responder,
        initiator_identity: raw(&opening.identity),
        responder_identity: raw(&party.identity.public),
        ephemeral: raw(&opening.base_key),
        signed_prekey_id: opening.signed_prekey_id,
        signed_prekey: raw(&signed.pair.public),
        one_time_prekey: one_time.map(|(id, key)| (id, raw(&key.pair.public))),
    };
    let mut pairs: Vec<(Private, Public)> = vec![
        (signed.pair.private, opening.identity),
        (party.identity.private, opening.base_key),
        (signed.pair.private, opening.base_key),
    ];
    pairs.extend(one_time.map(|(_, key)| (key.pair.private, opening.base_key)));
    let keys = handshake::keys(&transcript, &handshake::agreements(&pairs, bugs)?, bugs);
    let parties = (party.identity.public, opening.identity, opening.base_key);
    let mut session = session(parties, &keys, signed.pair.clone());
    if let (Some((_, key)), true) = (one_time, bugs.has(Bug::Secret3OneTimePrekeyInSession)) {
        session.history.push(key.pair.private.to_vec());
    }
    Ok(session)
}

fn signed_prekey(party: &Party, id: u32) -> Outcome<&SignedPrekey> {
    let mut found = party.signed_prekeys.get(&id);
    if party.bugs.has(Bug::Native23UnknownPrekeyFallsBack) {
        found = found.or_else(|| party.signed_prekeys.values().next_back());
    }
    found.ok_or_else(|| Fault::new(Code::UnknownSignedPrekey, format!("id {id}")))
}

fn one_time_prekey(party: &Party, id: u32) -> Outcome<Option<&OneTimePrekey>> {
    let found = party.one_time_prekeys.get(&id);
    if found.is_none() && !party.bugs.has(Bug::Native23UnknownPrekeyFallsBack) {
        return Err(Fault::new(Code::UnknownPrekey, format!("id {id}")));
    }
    Ok(found)
}

/// Encrypts the next message of a session. Gives a ratchet message.
pub fn encrypt(session: &mut Session, plaintext: &[u8], bugs: Bugs) -> Outcome<Vec<u8>> {
    Ok(ratchet::encrypt(session, plaintext, bugs).encode())
}

/// Puts a ratchet message into the handshake message that goes before an answer.
pub fn wrap(
    party: &Party,
    peer: &Address,
    session: &Session,
    pending: &Pending,
    message: Vec<u8>,
) -> Vec<u8> {
    // A session exists only with a peer whose name fits this suite.
    let (Ok(initiator), Ok(responder)) = (own_name(party), peer_name(peer)) else {
        return message;
    };
    HandshakeMessage {
        initiator,
        responder,
        initiator_identity: raw(&session.local_identity),
        ephemeral: raw(&session.base_key),
        signed_prekey_id: pending.signed_prekey_id,
        one_time_prekey_id: pending.one_time_prekey_id,
        message,
    }
    .encode()
}

/// Decodes a message of type 2 and forgets it again.
///
/// Refuses with `unknown_version`, `malformed` and `bad_key`.
pub fn check_message(bytes: &[u8], party: &Party) -> Outcome<()> {
    RatchetMessage::decode(bytes, party.bugs).map(|_| ())
}

/// Decrypts a ratchet message in one session; draws 32 if it makes a ratchet step.
///
/// May have changed the session when it refuses: give it a copy.
pub fn decrypt(
    session: &mut Session,
    bytes: &[u8],
    draws: &mut Draws,
    bugs: Bugs,
) -> Outcome<Vec<u8>> {
    let message = RatchetMessage::decode(bytes, bugs)?;
    let outcome = ratchet::decrypt(session, &message, bytes, draws, bugs);
    if outcome.is_err() && bugs.has(Bug::Native32AdvancedBeforeTag) {
        session.leak = true;
    }
    outcome
}
