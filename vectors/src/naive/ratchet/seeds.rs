//! Receiver chains: the seed of a message, stored seeds, the forward limit.

use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::Profile;
use crate::naive::party::{ReceiverChain, Session};
use crate::naive::wire::RatchetMessage;

use super::message::{chain_step, check_mac, message_keys};
use super::{FORWARD_LIMIT, SEEDS_KEPT, remember};

/// The seed of the message; steps the chain forward to behind it.
pub(super) fn take_seed(
    session: &mut Session,
    position: usize,
    newest: bool,
    message: &RatchetMessage,
    profile: Profile,
    bugs: Bugs,
) -> Outcome<[u8; 32]> {
    let counter = message.counter;
    let with_itself =
        profile == Profile::Compatible && session.local_identity == session.remote_identity;
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

pub(super) fn take_stored_seed(
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

pub(super) fn note_used(
    session: &mut Session,
    message: &RatchetMessage,
    seed: [u8; 32],
    bugs: Bugs,
) {
    if bugs.has(Bug::Ratchet15UsedSeedsKept) || bugs.has(Bug::Ratchet27MacBeforeDuplicate) {
        session.used_seeds.push(((message.ratchet_key, message.counter), seed));
    }
}
