//! The subject as reader: signatures, iterations, limits.

use countersign_vectors::naive::{bugs::Bugs, groups::wire::VERSION, primitives::pad};
use prost::Message as _;

use super::member::{Group, Member, TEXT, forged};
use crate::{
    case::Outcome,
    cases::identity::verifying::with_q_added,
    expect::{expect_bytes, refuses_unchanged},
    run::Run,
    scene::judge::defect,
};

/// Texts of several lengths, one after the other.
pub(super) fn read(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    for (iteration, length) in (0..).zip([0, 1, 15, 16, 17, 300]) {
        let text = run.random(length);
        let fields = group.member.fields_of(iteration, &pad(&text, Bugs::NONE));
        let opened = group.deliver(&group.member.seal(&fields))?;
        expect_bytes("the plaintext", &text, &opened)?;
    }
    Ok(())
}

/// q added to s is another encoding of a good signature, and refused in strict.
pub(super) fn s_plus_q_refused(run: &mut Run) -> Outcome {
    let group = Group::strict(run)?;
    let honest = group.member.message(0);
    let (signed, signature) =
        honest.split_last_chunk().ok_or_else(|| defect("a message without a signature"))?;
    group.refuses(&[signed, &with_q_added(signature)].concat(), "bad_signature")?;
    group.reads(&group.member, 0)
}

/// Another low nibble than the signed one is a wrong signature; signed, it is accepted.
pub(super) fn covers_the_version_byte(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let honest = group.member.message(0);
    for version in [0x32, 0x34, 0x30] {
        let mut altered = honest.clone();
        if let Some(first) = altered.first_mut() {
            *first = version;
        }
        group.refuses(&altered, "bad_signature")?;
    }
    let signed = group.member.sign(VERSION + 1, &group.member.fields(0).encode_to_vec());
    expect_bytes("the plaintext", TEXT, &group.deliver(&signed)?)
}

/// Altered in the signature, altered in what it covers, signed by another member.
pub(super) fn wrong_signature(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let honest = group.member.message(0);
    let mut other = group.member.clone();
    other.state.signing_private = Some(run.private_key());
    let mut altered = honest.clone();
    if let Some(byte) = altered.iter_mut().rev().nth(70) {
        *byte ^= 1;
    }
    for message in [forged(&honest), altered, other.message(0)] {
        group.refuses(&message, "bad_signature")?;
    }
    group.reads(&group.member, 0)
}

/// A wrong signature is what is said of used, far and late messages too.
pub(super) fn signature_before_the_iteration(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    group.reads(&group.member, 3)?;
    for iteration in [3, 0, 25_010] {
        group.refuses(&forged(&group.member.message(iteration)), "bad_signature")?;
    }
    group.reads(&group.member, 0)
}

/// Of an unknown chain or distribution nothing can be verified: that is said, whatever the signature.
pub(super) fn signature_after_the_key(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let unknown = Member::new(run)?;
    let mut other_chain = group.member.clone();
    other_chain.state.chain_id ^= 1;
    for message in [unknown.message(0), other_chain.message(0)] {
        group.refuses(&message, "no_sender_key")?;
        group.refuses(&forged(&message), "no_sender_key")?;
    }
    group.reads(&group.member, 0)
}

/// Read in order, read late: each iteration once.
pub(super) fn used_iteration(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    for iteration in [0, 3, 2, 1, 4] {
        group.reads(&group.member, iteration)?;
        group.refuses(&group.member.message(iteration), "duplicate_message")?;
    }
    for iteration in 0..5 {
        group.refuses(&group.member.message(iteration), "duplicate_message")?;
    }
    group.reads(&group.member, 5)
}

/// A member that came at iteration 5 reads from there on.
pub(super) fn before_the_distribution(run: &mut Run) -> Outcome {
    let mut group = Group::new(run)?;
    let earlier = group.member.rotated()?;
    group.member = earlier.at(5);
    group.subject.process_distribution(&group.member.peer, &group.member.distribution())?;
    for iteration in [0, 4] {
        group.refuses(&earlier.message(iteration), "duplicate_message")?;
    }
    group.reads(&group.member, 5)?;
    group.refuses(&earlier.message(4), "duplicate_message")
}

/// 25000 ahead: read, and the chain goes on from there.
pub(super) fn forward_25000(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    group.reads(&group.member, 0)?;
    group.reads(&group.member, 25_001)?;
    group.reads(&group.member, 25_002)
}

/// 25001 and more ahead: refused, and the chain is where it was.
pub(super) fn forward_25001(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    group.refuses(&group.member.message(25_001), "invalid_message")?;
    group.reads(&group.member, 0)?;
    for iteration in [25_002, 30_000] {
        group.refuses(&group.member.message(iteration), "invalid_message")?;
    }
    group.reads(&group.member, 1)
}

/// A jump over 2000 messages: all of them decrypt, the first, the last and some between.
pub(super) fn stored_seeds_2000(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    group.reads(&group.member, 2000)?;
    for iteration in [0, run.number(2, 997), 999, 1000, 1999, 1] {
        group.reads(&group.member, iteration)?;
    }
    Ok(())
}

/// Two jumps over 2001 together: the oldest is gone, the rest is there.
pub(super) fn oldest_seed_dropped(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    group.reads(&group.member, 1500)?;
    group.reads(&group.member, 2002)?;
    group.refuses(&group.member.message(0), "duplicate_message")?;
    for iteration in [1, 1499, 1501, 2001] {
        group.reads(&group.member, iteration)?;
    }
    Ok(())
}

/// A wrong signature, bad padding under a right one, and a jump too far: the honest messages are read afterwards.
pub(super) fn refused_changes_nothing(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let member = &group.member;
    for iteration in [0, 7, 3] {
        group.refuses(&forged(&member.message(iteration)), "bad_signature")?;
        let unpadded = member.seal(&member.fields_of(iteration, &[0; 32]));
        group.refuses(&unpadded, "invalid_message")?;
        let mut fields = member.fields(iteration);
        fields.ciphertext = fields.ciphertext.map(|bytes| bytes.into_iter().skip(1).collect());
        group.refuses(&member.seal(&fields), "invalid_message")?;
        group.reads(member, iteration)?;
    }
    let far = || group.deliver(&member.message(40_000));
    refuses_unchanged(&group.subject, "invalid_message", far)?;
    group.reads(member, 1)?;
    group.reads(member, 8)
}
