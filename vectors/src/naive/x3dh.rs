//! X3DH of suite signal-v3, both roles.
//! Spec: spec/handshake.md

use std::collections::VecDeque;

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::keys::{KeyPair, Public, agree, decode_public, raw};
use super::native::NativePart;
use super::party::{Bundle, Chain, Party, Pending, ReceiverChain, Session};
use super::primitives::{Draws, cut32, hkdf};
use super::ratchet::{first_sender_chain, kdf_root};
use super::session::Opening;
use super::wire::decode_prekey_message;
use super::xeddsa;

/// RK0 and CK0 from the agreements in their order.
pub fn first_keys(agreements: &[[u8; 32]], bugs: Bugs) -> ([u8; 32], [u8; 32]) {
    let mut ikm = Vec::new();
    if !bugs.has(Bug::Handshake1NoFfPrefix) {
        ikm.extend_from_slice(&[0xff; 32]);
    }
    for agreement in agreements {
        ikm.extend_from_slice(agreement);
    }
    let info: &[u8] = if bugs.has(Bug::Handshake3OtherInfo) { b"X3DH" } else { b"WhisperText" };
    let output = hkdf(&[], &ikm, info, 64);
    (cut32(&output, 0), cut32(&output, 32))
}

/// Begins a session from a bundle whose identity key is decoded and trusted.
///
/// Draws base key 32, ratchet key 32. Refuses with the key errors, `bad_signature` and, strict,
/// `bad_agreement`.
pub fn initiate(
    party: &Party,
    bundle: &Bundle,
    identity: &Public,
    now_ms: u64,
    draws: &mut Draws,
) -> Outcome<Session> {
    let (bugs, profile) = (party.bugs, party.profile);
    let signed_prekey = decode_public(&bundle.signed_prekey.public, profile, bugs)?;
    let one_time_prekey = match &bundle.one_time_prekey {
        Some(key) => Some(decode_public(&key.public, profile, bugs)?),
        None => None,
    };
    check_signature(party, bundle, identity)?;
    let (base, ratchet) = draw_pairs(draws, bugs)?;
    let ours = &party.identity.private;
    let mut agreements = vec![
        agree(ours, &signed_prekey, profile, bugs)?,
        agree(&base.private, identity, profile, bugs)?,
        agree(&base.private, &signed_prekey, profile, bugs)?,
    ];
    if let Some(one_time) = one_time_prekey {
        let fourth = agree(&base.private, &one_time, profile, bugs)?;
        if !bugs.has(Bug::Handshake2Dh4NeverMixed) {
            agreements.push(fourth);
        }
    }
    let (root0, chain0) = first_keys(&agreements, bugs);
    let shared = agree(&ratchet.private, &signed_prekey, profile, bugs)?;
    let (root_key, chain_key) = if bugs.has(Bug::Handshake5NoFirstRootStep) {
        (root0, chain0)
    } else {
        kdf_root(&root0, &shared, bugs)
    };
    let absent = bugs.has(Bug::Handshake7PrekeyIdZero).then_some(0);
    let mut session = Session {
        pending: Some(Pending {
            signed_prekey_id: bundle.signed_prekey.id,
            one_time_prekey_id: bundle.one_time_prekey.as_ref().map(|key| key.id).or(absent),
            begun_ms: now_ms,
        }),
        ..new_session(party, identity, &base.public, root_key, ratchet)
    };
    session.sender_chain = first_sender_chain(chain_key, bugs);
    session.receiver_chains.push_back(ReceiverChain {
        ratchet_key: signed_prekey,
        chain: Chain { key: chain0, index: 0 },
        seeds: VecDeque::new(),
    });
    Ok(session)
}

fn draw_pairs(draws: &mut Draws, bugs: Bugs) -> Outcome<(KeyPair, KeyPair)> {
    let first = KeyPair::new(draws.take()?, bugs);
    let second = KeyPair::new(draws.take()?, bugs);
    if bugs.has(Bug::Handshake4DrawsSwapped) {
        return Ok((second, first));
    }
    Ok((first, second))
}

/// Checks the signed prekey's signature over its 33 bytes.
pub fn check_signature(party: &Party, bundle: &Bundle, identity: &Public) -> Outcome<()> {
    let (bugs, profile) = (party.bugs, party.profile);
    if bugs.has(Bug::Prekey2SignatureNotChecked) {
        return Ok(());
    }
    let signed_prekey = decode_public(&bundle.signed_prekey.public, profile, bugs)?;
    let Some(signature) = &bundle.signed_prekey.signature else {
        return Err(Fault::new(Code::BadSignature, "signed prekey without signature"));
    };
    let verified = xeddsa::verify(identity, &signed_prekey, signature, profile, bugs);
    if verified.is_err() && bugs.has(Bug::Prekey1RawKeySigned) {
        return xeddsa::verify(identity, &raw(&signed_prekey), signature, profile, bugs);
    }
    verified
}

/// Decodes a prekey message.
pub fn decode_opening(party: &Party, bytes: &[u8]) -> Outcome<Opening> {
    let message = decode_prekey_message(bytes, party.profile, party.bugs)?;
    Ok(Opening {
        identity: message.identity_key,
        base_key: message.base_key,
        registration_id: message.registration_id,
        signed_prekey_id: message.signed_prekey_id,
        one_time_prekey_id: message.one_time_prekey_id,
        message: message.message,
        names: None,
    })
}

/// The session that a prekey message asks for; its prekeys are known to exist.
///
/// Refuses, strict, with `bad_agreement`.
pub fn respond(party: &Party, opening: &Opening, draws: &mut Draws) -> Outcome<Session> {
    let (bugs, profile) = (party.bugs, party.profile);
    let newest = party.newest_signed_prekey();
    let signed = party.signed_prekeys.get(&opening.signed_prekey_id).or(newest);
    let Some(signed) = signed else {
        return Err(Fault::new(Code::UnknownSignedPrekey, "no signed prekey"));
    };
    let one_time = opening.one_time_prekey_id.and_then(|id| party.one_time_prekeys.get(&id));
    let base = &opening.base_key;
    let mut agreements = vec![
        agree(&signed.pair.private, &opening.identity, profile, bugs)?,
        agree(&party.identity.private, base, profile, bugs)?,
        agree(&signed.pair.private, base, profile, bugs)?,
    ];
    if let Some(one_time) = one_time {
        let fourth = agree(&one_time.pair.private, base, profile, bugs)?;
        if !bugs.has(Bug::Handshake2Dh4NeverMixed) {
            agreements.push(fourth);
        }
    }
    let (root_key, chain_key) = first_keys(&agreements, bugs);
    let pair = if bugs.has(Bug::Handshake6FreshResponderKey) {
        KeyPair::new(draws.take()?, bugs)
    } else {
        signed.pair.clone()
    };
    let mut session = new_session(party, &opening.identity, base, root_key, pair);
    session.sender_chain = Chain { key: chain_key, index: 0 };
    if let (Some(key), true) = (one_time, bugs.has(Bug::Secret3OneTimePrekeyInSession)) {
        session.history.push(key.pair.private.to_vec());
    }
    Ok(session)
}

/// A session with empty chains.
pub fn new_session(
    party: &Party,
    remote_identity: &Public,
    base_key: &Public,
    root_key: [u8; 32],
    ratchet_pair: KeyPair,
) -> Session {
    Session {
        local_identity: party.identity.public,
        remote_identity: *remote_identity,
        base_key: *base_key,
        pending: None,
        root_key,
        ratchet_pair,
        sender_chain: Chain { key: [0; 32], index: 0 },
        receiver_chains: VecDeque::new(),
        previous_counter: 0,
        native: NativePart::default(),
        due_step: None,
        history: Vec::new(),
        used_seeds: Vec::new(),
        leak: false,
    }
}
