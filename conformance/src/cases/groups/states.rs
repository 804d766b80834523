//! Several keys of one sender, one key again, and keys of several senders.

use super::member::{Group, Member};
use crate::{
    case::{Outcome, Stop},
    expect::refuses_unchanged,
    run::Run,
    scene::judge::defect,
};

/// The subject gets `count` keys of one sender, the first of which is the group's own.
fn rotations(group: &Group, count: usize) -> Result<Vec<Member>, Stop> {
    let mut keys = vec![group.member.clone()];
    while keys.len() < count {
        let next = keys.last().ok_or_else(|| defect("no key"))?.rotated()?;
        group.subject.process_distribution(&next.peer, &next.distribution())?;
        keys.push(next);
    }
    Ok(keys)
}

/// Five keys: messages of each decrypt.
pub(super) fn five_are_kept(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let keys = rotations(&group, 5)?;
    for key in &keys {
        group.reads(key, 0)?;
    }
    for key in keys.iter().rev() {
        group.reads(key, 1)?;
    }
    Ok(())
}

/// Of six keys the oldest is gone; a key that is distributed again is the newest.
pub(super) fn sixth_drops_the_oldest(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let keys = rotations(&group, 6)?;
    let (gone, kept) = keys.split_first().ok_or_else(|| defect("no key"))?;
    group.refuses(&gone.message(0), "no_sender_key")?;
    for key in kept {
        group.reads(key, 0)?;
    }
    let [second, third, .., last] = kept else { return Err(defect("no key")) };
    group.subject.process_distribution(&second.peer, &second.distribution())?;
    let seventh = last.rotated()?;
    group.subject.process_distribution(&seventh.peer, &seventh.distribution())?;
    group.refuses(&third.message(1), "no_sender_key")?;
    group.reads(second, 1)
}

/// The distribution message again, as it was and as it stands later: nothing is rewound, nothing left out.
pub(super) fn same_key_again(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    for iteration in [0, 1, 4] {
        group.reads(&group.member, iteration)?;
    }
    for described in [0, 9] {
        let again = group.member.at(described).distribution();
        group.subject.process_distribution(&group.member.peer, &again)?;
        for used in [0, 1, 4] {
            group.refuses(&group.member.message(used), "duplicate_message")?;
        }
    }
    for iteration in [2, 5, 8, 9, 3] {
        group.reads(&group.member, iteration)?;
    }
    Ok(())
}

/// The same chain id with another signing key: the new key alone is valid.
pub(super) fn another_signing_key(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    group.reads(&group.member, 0)?;
    let mut renewed = group.member.rotated()?;
    renewed.state.chain_id = group.member.state.chain_id;
    group.subject.process_distribution(&renewed.peer, &renewed.distribution())?;
    group.refuses(&group.member.message(1), "bad_signature")?;
    group.reads(&renewed, 0)?;
    group.reads(&renewed, 1)
}

/// Another account's and another device's key for the same distribution id: neither speaks for the other.
pub(super) fn apart_by_sender(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let mut account = group.member.rotated()?;
    account.peer.name = run.uuid();
    let mut device = group.member.rotated()?;
    device.peer.device_id = 2;
    for other in [&account, &device] {
        group.subject.process_distribution(&other.peer, &other.distribution())?;
        for (claimed, real) in [(&group.member, other), (other, &group.member)] {
            let lie = || group.subject.group_decrypt(&claimed.peer, &real.message(9));
            refuses_unchanged(&group.subject, "no_sender_key", lie)?;
        }
    }
    for member in [&account, &device, &group.member] {
        group.reads(member, 0)?;
    }
    Ok(())
}

/// One sender's keys for two distribution ids, even with one chain id.
pub(super) fn apart_by_distribution(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let mut other = Member { peer: group.member.peer.clone(), ..Member::new(run)? };
    other.state.chain_id = group.member.state.chain_id;
    let mut moved = group.member.clone();
    moved.id = other.id.clone();
    group.refuses(&moved.message(0), "no_sender_key")?;
    group.subject.process_distribution(&other.peer, &other.distribution())?;
    group.refuses(&moved.message(0), "bad_signature")?;
    group.reads(&other, 0)?;
    group.reads(&group.member, 0)
}
