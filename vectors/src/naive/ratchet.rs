//! The Double Ratchet of suite signal-v3.
//! Spec: spec/ratchet.md

use std::collections::VecDeque;

use super::bugs::{Bug, Bugs};
use super::fault::{Fault, Outcome};
use super::keys::{KeyPair, Profile, Public, agree};
use super::party::{Chain, ReceiverChain, Session};
use super::primitives::Draws;
use super::wire::{RatchetMessage, RatchetParts};

pub mod message;
pub mod seeds;

use message::check_mac;
pub use message::{
    MessageKeys, chain_next, chain_seed, chain_step, kdf_root, mac, message_keys, open_body,
    seal_body, seal_parts,
};
pub use seeds::skip_to;
use seeds::take_seed;

/// How far ahead of its chain a message may be.
pub const FORWARD_LIMIT: u32 = 25_000;
/// Unused seeds kept of a receiver chain.
pub const SEEDS_KEPT: usize = 2_000;
/// Receiver chains kept of a session.
pub const CHAINS_KEPT: usize = 5;

/// Encrypts in the sending chain and advances it. Draws nothing (except with a bug).
pub fn encrypt(
    session: &mut Session,
    plaintext: &[u8],
    version_byte: u8,
    draws: &mut Draws,
    bugs: Bugs,
) -> Outcome<Vec<u8>> {
    if let Some(remote) = session.due_step.take() {
        sending_half(session, &remote, Profile::Compatible, draws, bugs)?;
    }
    let (seed, next) = chain_step(&session.sender_chain.key, bugs);
    let keys = message_keys(&seed, bugs);
    let version_byte = if bugs.has(Bug::Wire1OldVersionByte) { 0x33 } else { version_byte };
    let parts = RatchetParts {
        version_byte,
        ratchet_key: session.ratchet_pair.public.to_vec(),
        counter: session.sender_chain.index,
        previous_counter: session.previous_counter,
        ciphertext: seal_body(&keys, plaintext, bugs),
    };
    let message =
        seal_parts(&parts, &keys, &session.local_identity, &session.remote_identity, bugs);
    if !bugs.has(Bug::Ratchet29ChainNotAdvanced) {
        remember(
            session,
            &[&session.sender_chain.key.clone(), &seed],
            Bug::Secret1UsedKeysExported,
            bugs,
        );
        session.sender_chain.key = next;
        session.sender_chain.index = session.sender_chain.index.wrapping_add(1);
    }
    Ok(message)
}

/// Decrypts a message in this session.
///
/// `session` is a working copy: on a refusal the caller throws it away, unless a bug set
/// `session.leak`. Draws 32 bytes if the message made a ratchet step, after it was authenticated.
pub fn decrypt(
    session: &mut Session,
    message: &RatchetMessage,
    profile: Profile,
    draws: &mut Draws,
    bugs: Bugs,
) -> Outcome<Vec<u8>> {
    check_session_fits(session, message, bugs)?;
    let before = session.clone();
    let known =
        session.receiver_chains.iter().position(|chain| chain.ratchet_key == message.ratchet_key);
    let position = match known {
        Some(position) => position,
        None => receiving_half(session, &message.ratchet_key, profile, bugs)?,
    };
    let newest = position + 1 == session.receiver_chains.len();
    let seed = take_seed(session, position, newest, message, profile, bugs)?;
    let keys = message_keys(&seed, bugs);
    if let Err(refusal) = check_mac(session, message, &keys, bugs) {
        leak_before_mac(session, &before, known, message, bugs);
        return Err(refusal);
    }
    let plaintext = open_body(&keys, &message.ciphertext, bugs)?;
    if known.is_none() {
        if bugs.has(Bug::Ratchet12LazyRatchetDraw) {
            session.due_step = Some(message.ratchet_key);
        } else {
            sending_half(session, &message.ratchet_key, profile, draws, bugs)?;
        }
    }
    Ok(plaintext)
}

fn check_session_fits(session: &Session, message: &RatchetMessage, bugs: Bugs) -> Outcome<()> {
    let version = message.version_byte >> 4;
    let ignored = bugs.has(Bug::Session21VersionIgnored)
        || (version < 3 && bugs.has(Bug::Wire10LegacyAccepted))
        || (version > 4 && bugs.has(Bug::Wire11FutureAccepted));
    if version != 3 && !ignored {
        return Err(Fault::invalid(format!("version {version}")));
    }
    let seen = session.receiver_chains.back().map_or(0, |chain| chain.chain.index);
    let obeyed = bugs.has(Bug::Ratchet11PreviousCounterObeyed);
    if obeyed && message.previous_counter > seen.saturating_add(FORWARD_LIMIT) {
        return Err(Fault::invalid("previous counter"));
    }
    Ok(())
}

/// The first half of a ratchet step: a receiver chain for the remote key. Returns its position.
fn receiving_half(
    session: &mut Session,
    remote: &Public,
    profile: Profile,
    bugs: Bugs,
) -> Outcome<usize> {
    let shared = agree(&session.ratchet_pair.private, remote, profile, bugs)?;
    let (root, chain) =
        if bugs.has(Bug::Handshake5NoFirstRootStep) && session.receiver_chains.is_empty() {
            (session.root_key, session.sender_chain.key)
        } else {
            kdf_root(&session.root_key, &shared, bugs)
        };
    remember(session, &[&session.root_key.clone()], Bug::Secret2OldStepsExported, bugs);
    session.root_key = root;
    add_receiver_chain(session, remote, chain, bugs);
    Ok(session.receiver_chains.len() - 1)
}

fn add_receiver_chain(session: &mut Session, remote: &Public, key: [u8; 32], bugs: Bugs) {
    session.receiver_chains.push_back(ReceiverChain {
        ratchet_key: *remote,
        chain: Chain { key, index: 0 },
        seeds: VecDeque::new(),
    });
    let kept = match bugs.0 {
        Some(Bug::Ratchet21FourChains) => 4,
        Some(Bug::Ratchet22UnboundedChains) => usize::MAX,
        _ => CHAINS_KEPT,
    };
    if session.receiver_chains.len() > kept {
        session.receiver_chains.pop_front();
    }
}

/// The second half of a ratchet step: a new own key (drawn here) and its sending chain.
fn sending_half(
    session: &mut Session,
    remote: &Public,
    profile: Profile,
    draws: &mut Draws,
    bugs: Bugs,
) -> Outcome<()> {
    let old_key = session.ratchet_pair.private;
    let old_root = session.root_key;
    session.ratchet_pair = KeyPair::new(draws.take()?, bugs);
    let shared = agree(&session.ratchet_pair.private, remote, profile, bugs)?;
    let sent = session.sender_chain.index;
    session.previous_counter =
        if bugs.has(Bug::Ratchet10PreviousCounterN) { sent } else { sent.saturating_sub(1) };
    let (root, chain) = kdf_root(&old_root, &shared, bugs);
    remember(session, &[&old_root, &old_key], Bug::Secret2OldStepsExported, bugs);
    remember(session, &[&session.sender_chain.key.clone()], Bug::Secret1UsedKeysExported, bugs);
    session.root_key = root;
    session.sender_chain = first_sender_chain(chain, bugs);
    Ok(())
}

/// A sending chain at its beginning.
pub fn first_sender_chain(key: [u8; 32], bugs: Bugs) -> Chain {
    if bugs.has(Bug::Ratchet13CounterFromOne) {
        return Chain { key: chain_next(&key, bugs), index: 1 };
    }
    Chain { key, index: 0 }
}

/// What bugs keep of a message whose MAC is wrong.
fn leak_before_mac(
    session: &mut Session,
    before: &Session,
    known: Option<usize>,
    message: &RatchetMessage,
    bugs: Bugs,
) {
    let reached = known.map(|position| before.receiver_chains[position].chain.index);
    match (bugs.0, known, reached) {
        (Some(Bug::Ratchet24ChainAdvancedBeforeMac), Some(_), Some(index))
            if message.counter <= index =>
        {
            session.leak = true;
        }
        (Some(Bug::Ratchet25ChainAddedBeforeMac), None, _) => {
            *session = before.clone();
            let added = receiving_half(session, &message.ratchet_key, Profile::Compatible, bugs);
            session.root_key = before.root_key;
            session.leak = added.is_ok();
        }
        (Some(Bug::Ratchet26SeedsStoredBeforeMac), Some(position), Some(index))
            if message.counter > index =>
        {
            *session = before.clone();
            skip_to(&mut session.receiver_chains[position], message.counter, bugs);
            session.leak = true;
        }
        _ => {}
    }
}

/// Keeps secrets that should be gone, if `bug` is on.
pub fn remember(session: &mut Session, secrets: &[&[u8; 32]], bug: Bug, bugs: Bugs) {
    if bugs.has(bug) {
        session.history.extend(secrets.iter().map(|secret| secret.to_vec()));
    }
}
