//! The Double Ratchet of suite signal-v3.
//! Spec: spec/ratchet.md

use std::collections::VecDeque;

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::keys::{KeyPair, Profile, Public, agree};
use super::party::{Chain, ReceiverChain, Session};
use super::primitives::{Draws, cbc_decrypt, cbc_encrypt, ctr, cut32, hkdf, hmac, pad, unpad};
use super::wire::{RatchetMessage, RatchetParts, VERSION_BYTE, encode_signal_message};

/// How far ahead of its chain a message may be.
pub const FORWARD_LIMIT: u32 = 25_000;
/// Unused seeds kept of a receiver chain.
pub const SEEDS_KEPT: usize = 2_000;
/// Receiver chains kept of a session.
pub const CHAINS_KEPT: usize = 5;

/// What a seed is expanded to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageKeys {
    pub cipher_key: [u8; 32],
    pub mac_key: [u8; 32],
    pub iv: [u8; 16],
}

/// The root step: (RK, DH) to (next RK, CK).
pub fn kdf_root(root_key: &[u8; 32], shared: &[u8; 32], bugs: Bugs) -> ([u8; 32], [u8; 32]) {
    let output = hkdf(root_key, shared, b"WhisperRatchet", 64);
    let (root, chain) = (cut32(&output, 0), cut32(&output, 32));
    if bugs.has(Bug::Ratchet1RootAndChainSwapped) { (chain, root) } else { (root, chain) }
}

/// The seed of the chain's present message.
pub fn chain_seed(chain_key: &[u8; 32], bugs: Bugs) -> [u8; 32] {
    let constant = if bugs.has(Bug::Ratchet2ConstantsSwapped) { 2 } else { 1 };
    hmac(chain_key, &[&[constant]])
}

/// The next chain key.
pub fn chain_next(chain_key: &[u8; 32], bugs: Bugs) -> [u8; 32] {
    let constant = if bugs.has(Bug::Ratchet2ConstantsSwapped) { 1 } else { 2 };
    hmac(chain_key, &[&[constant]])
}

/// One step of a chain: (seed of the present message, next chain key).
pub fn chain_step(chain_key: &[u8; 32], bugs: Bugs) -> ([u8; 32], [u8; 32]) {
    (chain_seed(chain_key, bugs), chain_next(chain_key, bugs))
}

/// Seed to cipher key, MAC key and IV.
pub fn message_keys(seed: &[u8; 32], bugs: Bugs) -> MessageKeys {
    let output = hkdf(&[], seed, b"WhisperMessageKeys", 80);
    let mut iv = [0; 16];
    if !bugs.has(Bug::Ratchet3ZeroIv) {
        iv.copy_from_slice(&output[64..]);
    }
    MessageKeys { cipher_key: cut32(&output, 0), mac_key: cut32(&output, 32), iv }
}

/// Pads and encrypts a plaintext.
pub fn seal_body(keys: &MessageKeys, plaintext: &[u8], bugs: Bugs) -> Vec<u8> {
    let padded = pad(plaintext, bugs);
    if bugs.has(Bug::Ratchet4CounterMode) {
        return ctr(&keys.cipher_key, &keys.iv, &padded);
    }
    cbc_encrypt(&keys.cipher_key, &keys.iv, &padded)
}

/// The inverse of [`seal_body`].
pub fn open_body(keys: &MessageKeys, ciphertext: &[u8], bugs: Bugs) -> Outcome<Vec<u8>> {
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(16) {
        if bugs.has(Bug::Ratchet28EmptyCiphertextAccepted) {
            return Ok(Vec::new());
        }
        return Err(Fault::invalid("ciphertext is not whole blocks"));
    }
    if bugs.has(Bug::Ratchet4CounterMode) {
        return unpad(&ctr(&keys.cipher_key, &keys.iv, ciphertext), bugs);
    }
    unpad(&cbc_decrypt(&keys.cipher_key, &keys.iv, ciphertext), bugs)
}

/// The first 8 bytes of the HMAC over both identities and the message's version byte ‖ protobuf.
pub fn mac(
    mac_key: &[u8; 32],
    sender: &Public,
    receiver: &Public,
    signed_part: &[u8],
    bugs: Bugs,
) -> [u8; 8] {
    let (first, second) = if bugs.has(Bug::Ratchet5IdentitiesSwapped) {
        (receiver, sender)
    } else {
        (sender, receiver)
    };
    let whole = hmac(mac_key, &[first, second, signed_part]);
    let mut short = [0; 8];
    short.copy_from_slice(&whole[..8]);
    short
}

/// A whole ratchet message from its parts, under the right MAC of these keys.
pub fn seal_parts(
    parts: &RatchetParts,
    keys: &MessageKeys,
    sender: &Public,
    receiver: &Public,
    bugs: Bugs,
) -> Vec<u8> {
    let mut message = encode_signal_message(parts, bugs);
    let mac = mac(&keys.mac_key, sender, receiver, &message, bugs);
    message.extend_from_slice(&mac);
    message
}

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
    let seed = take_seed(session, position, newest, message, bugs)?;
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

/// The seed of the message; steps the chain forward to behind it.
fn take_seed(
    session: &mut Session,
    position: usize,
    newest: bool,
    message: &RatchetMessage,
    bugs: Bugs,
) -> Outcome<[u8; 32]> {
    let counter = message.counter;
    let with_itself = session.local_identity == session.remote_identity;
    let chain = &mut session.receiver_chains[position];
    if counter < chain.chain.index {
        return take_stored_seed(session, position, message, bugs);
    }
    if !newest && bugs.has(Bug::Ratchet23OldChainsStoredOnly) {
        return Err(Fault::invalid("older chain"));
    }
    let limit = match bugs.0 {
        Some(Bug::Ratchet16LimitOneShort) => FORWARD_LIMIT - 1,
        Some(Bug::Ratchet17NoForwardLimit) => u32::MAX,
        _ => FORWARD_LIMIT,
    };
    let limited = !with_itself || bugs.has(Bug::Ratchet18LimitWithItself);
    if counter - chain.chain.index > limit && limited {
        return Err(Fault::invalid("too far ahead"));
    }
    skip_to(chain, counter, bugs);
    let (seed, next) = chain_step(&chain.chain.key, bugs);
    let old_key = chain.chain.key;
    chain.chain.key = next;
    chain.chain.index = chain.chain.index.wrapping_add(1);
    remember(session, &[&old_key, &seed], Bug::Secret1UsedKeysExported, bugs);
    note_used(session, message, seed, bugs);
    Ok(seed)
}

fn take_stored_seed(
    session: &mut Session,
    position: usize,
    message: &RatchetMessage,
    bugs: Bugs,
) -> Outcome<[u8; 32]> {
    let seeds = &mut session.receiver_chains[position].seeds;
    let place = seeds.iter().position(|(counter, _)| *counter == message.counter);
    let stored = place.and_then(|place| seeds.remove(place));
    let duplicate = Fault::new(Code::DuplicateMessage, format!("counter {}", message.counter));
    if let Some((_, seed)) = stored {
        if bugs.has(Bug::Ratchet14EarlierCountersRefused) {
            return Err(duplicate);
        }
        remember(session, &[&seed], Bug::Secret1UsedKeysExported, bugs);
        note_used(session, message, seed, bugs);
        return Ok(seed);
    }
    let name = (message.ratchet_key, message.counter);
    let used = session.used_seeds.iter().find(|(used, _)| *used == name).map(|(_, seed)| *seed);
    match used {
        Some(seed) if bugs.has(Bug::Ratchet15UsedSeedsKept) => Ok(seed),
        Some(seed) if bugs.has(Bug::Ratchet27MacBeforeDuplicate) => {
            check_mac(session, message, &message_keys(&seed, bugs), bugs)?;
            Err(duplicate)
        }
        _ => Err(duplicate),
    }
}

/// Steps a chain to `counter` and stores the seeds in between.
pub fn skip_to(chain: &mut ReceiverChain, counter: u32, bugs: Bugs) {
    let kept = match bugs.0 {
        Some(Bug::Ratchet19ThousandSeeds) => 1_000,
        Some(Bug::Ratchet20UnboundedSeeds) => usize::MAX,
        _ => SEEDS_KEPT,
    };
    while chain.chain.index < counter {
        let (seed, next) = chain_step(&chain.chain.key, bugs);
        chain.seeds.push_back((chain.chain.index, seed));
        if chain.seeds.len() > kept {
            chain.seeds.pop_front();
        }
        chain.chain.key = next;
        chain.chain.index += 1;
    }
}

fn check_mac(
    session: &Session,
    message: &RatchetMessage,
    keys: &MessageKeys,
    bugs: Bugs,
) -> Outcome<()> {
    let mut signed_part = message.signed_part.clone();
    if bugs.has(Bug::Ratchet8MacOverReencoding) {
        let parts = RatchetParts {
            version_byte: message.version_byte,
            ratchet_key: message.ratchet_key.to_vec(),
            counter: message.counter,
            previous_counter: message.previous_counter,
            ciphertext: message.ciphertext.clone(),
        };
        signed_part = encode_signal_message(&parts, bugs);
    }
    if bugs.has(Bug::Ratchet9ConstantVersionByte) {
        signed_part[0] = VERSION_BYTE;
    }
    let (sender, receiver) = (&session.remote_identity, &session.local_identity);
    let expected = mac(&keys.mac_key, sender, receiver, &signed_part, bugs);
    let compared = if bugs.has(Bug::Ratchet7FourByteMac) { 4 } else { 8 };
    if expected[..compared] == message.mac[..compared] || bugs.has(Bug::Ratchet6MacNotChecked) {
        return Ok(());
    }
    Err(Fault::invalid("MAC"))
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

fn note_used(session: &mut Session, message: &RatchetMessage, seed: [u8; 32], bugs: Bugs) {
    if bugs.has(Bug::Ratchet15UsedSeedsKept) || bugs.has(Bug::Ratchet27MacBeforeDuplicate) {
        session.used_seeds.push(((message.ratchet_key, message.counter), seed));
    }
}

/// Keeps secrets that should be gone, if `bug` is on.
pub fn remember(session: &mut Session, secrets: &[&[u8; 32]], bug: Bug, bugs: Bugs) {
    if bugs.has(bug) {
        session.history.extend(secrets.iter().map(|secret| secret.to_vec()));
    }
}
