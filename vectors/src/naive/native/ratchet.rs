//! The Double Ratchet of suite `ratchet-chacha20`.
//! Spec: spec/native.md

use super::wire::{HEADER, RatchetMessage};
use crate::naive::aead;
use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::{KeyPair, Profile, Public, agree, raw, with_type};
use crate::naive::party::{Chain, ReceiverChain, Session};
use crate::naive::primitives::{Draws, cut32, hkdf, hmac};
use crate::naive::ratchet::remember;

/// Messages that one message may jump over, and seeds a session may store.
pub const SKIP_MAX: u32 = 2000;

/// KDF_RK: HKDF(salt RK, IKM DH, info `countersign-ratchet-v1 root`, 64) = RK ‖ CK.
pub fn root_step(root_key: &[u8; 32], agreed: &[u8; 32], bugs: Bugs) -> ([u8; 32], Chain) {
    let info: &[u8] = if bugs.has(Bug::Native10SignalLabels) {
        b"WhisperRatchet"
    } else {
        b"countersign-ratchet-v1 root"
    };
    let okm = hkdf(root_key, agreed, info, 64);
    (cut32(&okm, 0), Chain { key: cut32(&okm, 32), index: 0 })
}

/// Key 32 and nonce 12 of a message, from its seed.
pub fn message_keys(seed: &[u8; 32], bugs: Bugs) -> ([u8; 32], [u8; 12]) {
    let info: &[u8] = if bugs.has(Bug::Native10SignalLabels) {
        b"WhisperMessageKeys"
    } else {
        b"countersign-ratchet-v1 message"
    };
    let okm = hkdf(&[], seed, info, 44);
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&okm[32..]);
    (cut32(&okm, 0), nonce)
}

/// Takes a chain one step on and gives the seed of the step left behind.
pub fn chain_step(chain: &mut Chain) -> [u8; 32] {
    let seed = hmac(&chain.key, &[&[1]]);
    chain.key = hmac(&chain.key, &[&[2]]);
    chain.index += 1;
    seed
}

/// session_id ‖ header.
pub fn associated_data(session: &Session, header: &[u8], bugs: Bugs) -> Vec<u8> {
    if bugs.has(Bug::Native11EmptyAssociatedData) {
        return Vec::new();
    }
    let header = if bugs.has(Bug::Native12HeaderNotAuthenticated) { &[] } else { header };
    [&session.native.session_id[..], header].concat()
}

/// Encrypts one message of the sending chain.
pub fn encrypt(session: &mut Session, plaintext: &[u8], bugs: Bugs) -> RatchetMessage {
    let short = u32::from(bugs.has(Bug::Native24PreviousLengthShort));
    let mut message = RatchetMessage {
        ratchet_key: raw(&session.ratchet_pair.public),
        previous_length: session.previous_counter.saturating_sub(short),
        counter: session.sender_chain.index,
        ciphertext: Vec::new(),
    };
    let used = session.sender_chain.key;
    let seed = chain_step(&mut session.sender_chain);
    remember(session, &[&used, &seed], Bug::Secret1UsedKeysExported, bugs);
    let (key, nonce) = message_keys(&seed, bugs);
    let ad = associated_data(session, &message.header(), bugs);
    message.ciphertext = aead::seal(&key, &nonce, &ad, plaintext);
    message
}

/// Decrypts `message`, which was decoded from `bytes`. May have changed the session on refusal.
pub fn decrypt(
    session: &mut Session,
    message: &RatchetMessage,
    bytes: &[u8],
    draws: &mut Draws,
    bugs: Bugs,
) -> Outcome<Vec<u8>> {
    let known = stored_at(session, message).is_some() || used_seed(session, message).is_some();
    let stepping = !known && current_key(session) != Some(with_type(&message.ratchet_key));
    if stepping {
        step_receiving(session, message, bugs)?;
    }
    let seed = take_seed(session, message, bugs)?;
    let (key, nonce) = message_keys(&seed, bugs);
    let ad = associated_data(session, bytes.get(..HEADER).unwrap_or(bytes), bugs);
    let compared = if bugs.has(Bug::Native13HalfTag) { 8 } else { aead::TAG };
    let plaintext = aead::open(&key, &nonce, &ad, &message.ciphertext, compared)
        .ok_or_else(|| Fault::invalid("tag"))?;
    if stepping {
        step_sending(session, draws, bugs)?;
    }
    Ok(plaintext)
}

/// The ratchet key of the receiving chain.
fn current_key(session: &Session) -> Option<Public> {
    session.receiver_chains.back().map(|chain| chain.ratchet_key)
}

fn label(message: &RatchetMessage) -> (Public, u32) {
    (with_type(&message.ratchet_key), message.counter)
}

fn stored_at(session: &Session, message: &RatchetMessage) -> Option<usize> {
    session.native.seeds.iter().position(|(stored, _)| *stored == label(message))
}

fn used_seed(session: &Session, message: &RatchetMessage) -> Option<[u8; 32]> {
    session.used_seeds.iter().find(|(used, _)| *used == label(message)).map(|(_, seed)| *seed)
}

fn take_seed(session: &mut Session, message: &RatchetMessage, bugs: Bugs) -> Outcome<[u8; 32]> {
    if let Some(seed) = used_seed(session, message) {
        return Ok(seed);
    }
    let seed = match stored_at(session, message).and_then(|at| session.native.seeds.remove(at)) {
        Some((_, seed)) => seed,
        None => seed_of_chain(session, message, bugs)?,
    };
    if bugs.has(Bug::Native27UsedSeedsKept) {
        session.used_seeds.push((label(message), seed));
    }
    Ok(seed)
}

/// Closes the receiving chain at previous_length and begins the one of the new ratchet key.
fn step_receiving(session: &mut Session, message: &RatchetMessage, bugs: Bugs) -> Outcome<()> {
    let remote = with_type(&message.ratchet_key);
    if remote == session.ratchet_pair.public && !bugs.has(Bug::Native33OwnRatchetKeyAccepted) {
        return Err(Fault::invalid("own ratchet key"));
    }
    let closed = session.native.seeds.iter().any(|((key, _), _)| *key == remote);
    if closed && !bugs.has(Bug::Native35ClosedKeyAccepted) {
        return Err(Fault::invalid("ratchet key of a closed chain"));
    }
    let old = session.receiver_chains.pop_back();
    // Before the first message from the peer there is no chain to close.
    let rest = match &old {
        Some(old) => message
            .previous_length
            .checked_sub(old.chain.index)
            .ok_or_else(|| Fault::invalid("previous length"))?,
        None => 0,
    };
    check_jump(u64::from(rest) + u64::from(message.counter), bugs)?;
    if let Some(old) = old {
        close(session, old, message.previous_length, bugs);
    }
    // The agreement of a ratchet step is no handshake: all that is wrong with it is one code.
    let agreed = agree(&session.ratchet_pair.private, &remote, Profile::Native, bugs)
        .map_err(|fault| Fault::invalid(fault.detail))?;
    let (root_key, chain) = root_step(&session.root_key, &agreed, bugs);
    remember(session, &[&session.root_key.clone()], Bug::Secret2OldStepsExported, bugs);
    session.root_key = root_key;
    let seeds = std::collections::VecDeque::new();
    session.receiver_chains.push_back(ReceiverChain { ratchet_key: remote, chain, seeds });
    Ok(())
}

fn close(session: &mut Session, mut old: ReceiverChain, length: u32, bugs: Bugs) {
    if bugs.has(Bug::Native26ClosedChainsDropped) {
        session.native.seeds.retain(|((key, _), _)| *key != old.ratchet_key);
        return;
    }
    let open = if bugs.has(Bug::Native25PreviousChainOpen) { 50 } else { 0 };
    skip_to(session, old.ratchet_key, &mut old.chain, length.saturating_add(open), bugs);
}

fn seed_of_chain(session: &mut Session, message: &RatchetMessage, bugs: Bugs) -> Outcome<[u8; 32]> {
    let mut current =
        session.receiver_chains.pop_back().ok_or_else(|| Fault::invalid("no receiving chain"))?;
    let jump = message
        .counter
        .checked_sub(current.chain.index)
        .ok_or_else(|| Fault::new(Code::DuplicateMessage, "counter used"))?;
    check_jump(u64::from(jump), bugs)?;
    if message.counter == u32::MAX {
        return Err(Fault::invalid("last counter"));
    }
    skip_to(session, current.ratchet_key, &mut current.chain, message.counter, bugs);
    let used = current.chain.key;
    let seed = chain_step(&mut current.chain);
    remember(session, &[&used, &seed], Bug::Secret1UsedKeysExported, bugs);
    session.receiver_chains.push_back(current);
    Ok(seed)
}

fn skip_to(session: &mut Session, key: Public, chain: &mut Chain, counter: u32, bugs: Bugs) {
    let most = if bugs.has(Bug::Native30ThousandSeeds) { 1000 } else { SKIP_MAX as usize };
    while chain.index < counter {
        let label = (key, chain.index);
        session.native.seeds.push_back((label, chain_step(chain)));
        if session.native.seeds.len() > most && !bugs.has(Bug::Native31UnboundedSeeds) {
            session.native.seeds.pop_front();
        }
    }
}

/// Draws the new ratchet key and begins the sending chain that goes with it.
fn step_sending(session: &mut Session, draws: &mut Draws, bugs: Bugs) -> Outcome<()> {
    let remote = current_key(session).ok_or_else(|| Fault::invalid("no receiving chain"))?;
    let own = KeyPair::new(draws.take()?, bugs);
    let agreed = agree(&own.private, &remote, Profile::Native, bugs)
        .map_err(|fault| Fault::invalid(fault.detail))?;
    let (root_key, chain) = root_step(&session.root_key, &agreed, bugs);
    let (old_root, old_key) = (session.root_key, session.ratchet_pair.private);
    remember(session, &[&old_root, &old_key], Bug::Secret2OldStepsExported, bugs);
    session.previous_counter = session.sender_chain.index;
    session.root_key = root_key;
    session.ratchet_pair = own;
    session.sender_chain = chain;
    Ok(())
}

fn check_jump(jump: u64, bugs: Bugs) -> Outcome<()> {
    let most = if bugs.has(Bug::Native28Limit1000) { SKIP_MAX / 2 } else { SKIP_MAX };
    if jump > u64::from(most) && !bugs.has(Bug::Native29NoJumpLimit) {
        return Err(Fault::invalid("too far ahead"));
    }
    Ok(())
}
