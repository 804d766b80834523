//! How far messages may be ahead, and how many seeds are kept.

use super::pair::Pair;
use crate::problem::Problem;
use crate::session::EncryptedMessage;

fn sent(count: usize, pair: &mut Pair) -> Vec<EncryptedMessage> {
    (0..count).map(|_| pair.alice.encrypt(b"")).collect()
}

/// Lets Bob's answer to Alice's last message make Alice begin a new sending chain.
fn turn(pair: &mut Pair) {
    let answer = pair.bob.encrypt(b"");
    pair.alice.decrypt(&answer).unwrap();
}

#[test]
fn a_message_may_pass_over_2000_of_its_chain() {
    let mut pair = Pair::met();
    let messages = sent(2002, &mut pair);
    assert_eq!(pair.bob.refuse(&messages[2001]), Problem::InvalidMessage);
    assert_eq!(pair.bob.decrypt(&messages[2000]), Ok(Vec::new()));
    assert_eq!(pair.bob.decrypt(&messages[2001]), Ok(Vec::new()));
    assert_eq!(pair.bob.decrypt(&messages[0]), Ok(Vec::new()));
}

#[test]
fn a_message_may_pass_over_2000_of_the_old_chain_and_the_new_together() {
    let mut pair = Pair::met();
    let old = sent(1201, &mut pair);
    pair.bob.decrypt(&old[0]).unwrap();
    turn(&mut pair);
    let new = sent(802, &mut pair);
    assert_eq!(pair.bob.refuse(&new[801]), Problem::InvalidMessage);
    assert_eq!(pair.bob.decrypt(&new[800]), Ok(Vec::new()));
    assert_eq!(pair.bob.decrypt(&old[1200]), Ok(Vec::new()));
    assert_eq!(pair.bob.decrypt(&old[1]), Ok(Vec::new()));
    assert_eq!(pair.bob.decrypt(&new[0]), Ok(Vec::new()));
}

#[test]
fn of_more_than_2000_seeds_the_oldest_goes_first() {
    let mut pair = Pair::met();
    let old = sent(1001, &mut pair);
    pair.bob.decrypt(&old[0]).unwrap();
    turn(&mut pair);
    let new = sent(1500, &mut pair);
    pair.bob.decrypt(&new[0]).unwrap();
    pair.bob.decrypt(&new[1001]).unwrap();
    // 1000 of the old chain and 1000 of the new are stored; one more drops the oldest.
    pair.bob.decrypt(&new[1003]).unwrap();
    assert_eq!(pair.bob.refuse(&old[1]), Problem::InvalidMessage);
    assert_eq!(pair.bob.decrypt(&old[2]), Ok(Vec::new()));
    assert_eq!(pair.bob.decrypt(&new[1]), Ok(Vec::new()));
}

#[test]
fn a_dropped_seed_of_the_current_chain_makes_a_duplicate() {
    let mut pair = Pair::met();
    let messages = sent(2005, &mut pair);
    pair.bob.decrypt(&messages[2000]).unwrap();
    pair.bob.decrypt(&messages[2002]).unwrap();
    assert_eq!(pair.bob.refuse(&messages[0]), Problem::DuplicateMessage);
    assert_eq!(pair.bob.decrypt(&messages[1]), Ok(Vec::new()));
    assert_eq!(pair.bob.refuse(&messages[1]), Problem::DuplicateMessage);
}

#[test]
fn a_closed_chain_ends_at_the_length_it_was_said_to_have() {
    let mut pair = Pair::met();
    let mut fork = pair.clone();
    let old = sent(3, &mut pair);
    pair.bob.decrypt(&old[0]).unwrap();
    turn(&mut pair);
    let new = pair.alice.encrypt(b"");
    pair.bob.decrypt(&new).unwrap();
    // A fourth message of the old chain, from an Alice who never turned.
    let beyond = sent(4, &mut fork).remove(3);
    assert_eq!(pair.bob.refuse(&beyond), Problem::InvalidMessage);
    assert_eq!(pair.bob.decrypt(&old[2]), Ok(Vec::new()));
    assert_eq!(pair.bob.refuse(&old[2]), Problem::InvalidMessage);
    assert_eq!(pair.bob.decrypt(&old[1]), Ok(Vec::new()));
}

#[test]
fn a_closed_chains_ratchet_key_begins_no_second_chain() {
    let mut pair = Pair::met();
    // What her present ratchet key was made of.
    let drawn = pair.alice.rng.0 - 1;
    let old = sent(2, &mut pair);
    pair.bob.decrypt(&old[1]).unwrap();
    turn(&mut pair);
    let new = pair.alice.encrypt(b"");
    pair.bob.decrypt(&new).unwrap();
    // An Alice who draws the key of the closed chain again, whose message 0 is still to come.
    let mut fork = pair.clone();
    fork.alice.rng.0 = drawn;
    turn(&mut fork);
    let again = sent(2, &mut fork);
    assert_eq!(fork.bob.refuse(&again[0]), Problem::InvalidMessage);
    assert_eq!(fork.bob.refuse(&again[1]), Problem::InvalidMessage);
    assert_eq!(pair.bob.decrypt(&old[0]), Ok(Vec::new()));
    turn(&mut pair);
    let honest = pair.alice.encrypt(b"");
    assert_eq!(pair.bob.decrypt(&honest), Ok(Vec::new()));
}

#[test]
fn a_chain_said_to_be_shorter_than_it_was_is_refused() {
    let mut pair = Pair::met();
    let old = sent(2, &mut pair);
    let mut fork = pair.clone();
    pair.bob.decrypt(&old[1]).unwrap();
    fork.bob.decrypt(&old[0]).unwrap();
    // Alice turns when she has sent one message only, as far as she remembers.
    let mut forgetful = Pair::met();
    let first = forgetful.alice.encrypt(b"");
    forgetful.bob.decrypt(&first).unwrap();
    turn(&mut forgetful);
    let new = forgetful.alice.encrypt(b"");
    assert_eq!(pair.bob.refuse(&new), Problem::InvalidMessage);
}

#[test]
fn forty_sessions_are_archived_and_the_oldest_is_dropped() {
    let mut pair = Pair::begun(false);
    let mut firsts = Vec::new();
    for number in 0..42_u8 {
        let mut alice = Pair::strangers().alice;
        alice.rng.0 = 60 + 2 * number;
        alice.initiate(&pair.bob.bundle(false)).unwrap();
        firsts.push((alice.encrypt(b""), alice.encrypt(b"later")));
    }
    for (first, _) in &firsts {
        pair.bob.decrypt(first).unwrap();
    }
    assert_eq!(pair.bob.refuse(&firsts[0].1), Problem::HandshakeReplayed);
    assert_eq!(pair.bob.decrypt(&firsts[1].1), Ok(b"later".to_vec()));
}
