//! What an error's detail never says.

use std::fmt::Debug;

use countersign_vectors::naive::{
    aead,
    boxes::seal_slot,
    bugs::Bugs,
    keys::{public_of, raw},
    primitives::sha256,
    ratchet::chain_seed,
};

use super::expect_absent;
use crate::{
    case::{CallError, Failure, Outcome, Refused, Stop},
    cases::groups::member::Group,
    run::Run,
    scene::{Scene, first::HELD, forge::flipped, judge::own},
    subject::types::Suite,
};

/// A refusal is due, and its detail must hold none of the secrets.
fn silent<T: Debug>(answer: Result<T, CallError>, secrets: &[(&str, &[u8])]) -> Outcome {
    match answer {
        Err(CallError::Refused(Refused { op, detail, .. })) => {
            secrets.iter().try_for_each(|(what, secret)| {
                expect_absent(
                    &format!("the detail of a refused {op}"),
                    detail.as_bytes(),
                    what,
                    secret,
                )
            })
        }
        Err(CallError::Stop(stop)) => Err(stop),
        Ok(_) => Err(Failure::new("a request that must be refused", "err", "ok").into()),
    }
}

/// Duplicates, forged messages, messages too far ahead, wrong first messages, untrusted identities.
pub(super) fn sessions(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    let peer = scene.judge.address();
    silent(scene.subject.encrypt(&peer, HELD), &[("the plaintext", HELD)])?;
    scene.judge.initiate(&scene.bundle()?)?;
    let first = scene.judge.seal(HELD)?;
    let identity = scene.subject.spec.identity_private;
    let [signed, one_time] = scene.prekey_privates;
    let session = scene.judge.session()?;
    let (root, key) = (session.root_key, session.sender_chain.key);
    let seed = chain_seed(&key, Bugs::NONE);
    let secrets: [(&str, &[u8]); 7] = [
        ("the plaintext", HELD),
        ("the identity's private key", &identity),
        ("a prekey's private key", &signed),
        ("a prekey's private key", &one_time),
        ("a root key", &root),
        ("a chain key", &key),
        ("a seed", &seed),
    ];
    let mut wrong = scene.judge.first(&first)?;
    wrong.inner = flipped(&wrong.inner, wrong.inner.bytes.len() - 1, 0)?;
    silent(scene.deliver(&wrong.seal(&scene.judge)?), &secrets)?;
    scene.reads(&first, HELD)?;
    silent(scene.deliver(&first), &secrets)?;
    scene.hear()?;
    silent(scene.deliver(&scene.foreign()?), &secrets)?;
    scene.judge.skip_to(30_000)?;
    let far = scene.judge.seal(HELD)?;
    silent(scene.deliver(&far), &secrets)?;
    scene.subject.trust(&peer, &scene.judge.impostor(run)?.identity())?;
    silent(scene.subject.encrypt(&peer, HELD), &secrets)
}

/// A message under a right MAC whose padding is wrong: the one place where a receiver has a plaintext it refuses.
pub(super) fn bad_padding(run: &mut Run) -> Outcome {
    let scene = Scene::judge_began(run)?;
    for last in [0, 2, 17, 255] {
        let mut padded = run.random(30);
        padded.extend([0xaa, last]);
        let draft = scene.judge.draft(b"")?;
        let secrets: [(&str, &[u8]); 4] = [
            ("the plaintext", &padded),
            ("the plaintext's first block", padded.get(..16).unwrap_or_default()),
            ("the cipher key", &draft.keys.cipher_key),
            ("the MAC key", &draft.keys.mac_key),
        ];
        silent(scene.deliver(&draft.clone().with_padded(&padded).seal()), &secrets)?;
    }
    Ok(())
}

/// The same in a group.
pub(super) fn bad_padding_in_groups(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    for last in [0, 2, 17, 255] {
        let mut padded = run.random(30);
        padded.extend([0xaa, last]);
        let secrets: [(&str, &[u8]); 3] = [
            ("the plaintext", &padded),
            ("the plaintext's first block", padded.get(..16).unwrap_or_default()),
            ("the chain key", &group.member.state.chain_key),
        ];
        let message = group.member.seal(&group.member.fields_of(0, &padded));
        silent(group.deliver(&message), &secrets)?;
    }
    Ok(())
}

/// Content whose hash is wrong, under a slot that is right.
pub(super) fn boxes(run: &mut Run) -> Outcome {
    let (sender, own_private, key) = (run.private_key(), run.private_key(), run.private_key());
    let content = aead::xseal(&key, &[0; 24], b"", HELD);
    let inside = [b"the header's text", &key[..], &sha256(&[b"another content"])].concat();
    let slot =
        seal_slot(&sender, &raw(&public_of(&own_private)), &run.bytes(), &inside, Bugs::NONE);
    let secrets: [(&str, &[u8]); 4] = [
        ("the content", HELD),
        ("the header", b"the header's text"),
        ("the content key", &key),
        ("the private key", &own_private),
    ];
    let public = raw(&public_of(&sender));
    silent(run.subject.box_open_message(&own_private, &public, &own(slot)?, &content), &secrets)
}

/// States that are refused.
pub(super) fn imports(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    scene.tell()?;
    let peer = scene.judge.address();
    let state = scene.subject.export(&peer)?;
    let session = scene.judge.session()?;
    let secrets: [(&str, &[u8]); 2] =
        [("a root key", &session.root_key), ("a chain key", &session.sender_chain.key)];
    let tail = [&state[..], &[0]].concat();
    let cut = state.get(..state.len() - 1).unwrap_or_default();
    silent(scene.subject.import(&peer, &tail), &secrets)?;
    silent(scene.subject.import(&peer, cut), &secrets)?;
    Ok::<_, Stop>(())
}
