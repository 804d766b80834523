//! Private keys and what they agree on.

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::{KeyPair, Profile as NaiveProfile, Public, dh, with_type},
    party::{Chain, ReceiverChain},
    ratchet::kdf_root,
    wire::encode_prekey_message,
    xeddsa::verify,
};

use crate::{
    case::{Outcome, Stop},
    expect::{expect_bytes, expect_eq, expect_refused, refuses_unchanged},
    run::Run,
    scene::{
        Scene,
        forge::{prekey_message, ratchet_of},
        judge::{Judge, own, unreadable},
    },
    subject::types::{Bundle, Message, PartySpec, Profile, Suite},
};

/// 32 bytes that clamping changes in each of its five bits: zeros, ones, and two of chance.
fn unclamped(run: &mut Run) -> [[u8; 32]; 4] {
    let [mut low, mut high] = [run.bytes::<32>(), run.bytes::<32>()];
    low[0] |= 7;
    low[31] |= 0x80;
    high[31] &= 0x3f;
    [[0; 32], [0xff; 32], low, high]
}

/// Public half, agreement and signature of keys that are not clamped are those of the clamped ones.
pub(super) fn clamped_when_taken_in(run: &mut Run) -> Outcome {
    let profile = run.profile();
    for private in unclamped(run) {
        let pair = KeyPair::new(private, Bugs::NONE);
        expect_bytes("the public half", &pair.public, &run.subject.key_public(&private)?)?;
        let other = KeyPair::new(run.private_key(), Bugs::NONE).public;
        let shared = run.subject.key_agree(&private, &other, profile)?;
        expect_bytes("the agreement", &dh(&pair.private, &other), &shared)?;
        let (message, random) = (run.random(20), run.bytes());
        let signature = run.subject.xeddsa_sign(&private, &message, &random, "libsignal")?;
        verify(&pair.public, &message, &signature, NaiveProfile::Strict, Bugs::NONE)
            .map_err(|fault| unreadable("the signature", &fault))?;
    }
    Ok(())
}

/// A party whose identity key came in unclamped signs a bundle that verifies, and talks in both roles.
pub(super) fn identity_and_prekeys_clamped(run: &mut Run) -> Outcome {
    for identity_private in unclamped(run) {
        let spec = PartySpec { identity_private, ..run.spec(Suite::SignalV3) };
        let scene = Scene::strangers_of(run, &spec)?;
        let public = KeyPair::new(identity_private, Bugs::NONE).public;
        expect_bytes("the identity key", &public, &scene.subject.identity_public)?;
        scene.begun_by_judge()?.rounds(1)?;
        Scene::strangers_of(run, &spec)?.begun_by_subject()?.rounds(1)?;
    }
    Ok(())
}

/// A public key with bit 7 of byte 31 set agrees as it does without.
pub(super) fn top_bit_ignored(run: &mut Run) -> Outcome {
    for _ in 0..4 {
        let private = run.private_key();
        let public = KeyPair::new(run.private_key(), Bugs::NONE).public;
        let mut marked = public;
        marked[32] |= 0x80;
        let shared = run.subject.key_agree(&private, &marked, Profile::Compatible)?;
        expect_bytes("the agreement", &dh(&private, &public), &shared)?;
    }
    Ok(())
}

/// The canonical u-coordinates of small order: 0, 1, the two of order 8, and -1, which is on the twist.
fn small_order() -> [Public; 5] {
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    const EIGHT: [u8; 32] = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ];
    const OTHER_EIGHT: [u8; 32] = [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ];
    [[0; 32], one, EIGHT, OTHER_EIGHT, minus_one].map(|u| with_type(&u))
}

/// All five, and a key of large order beside them.
pub(super) fn zero_refused(run: &mut Run) -> Outcome {
    for public in small_order() {
        let private = run.private_key();
        let answer = run.subject.key_agree(&private, &public, Profile::Strict);
        expect_refused(answer, "bad_agreement")?;
    }
    let (private, other) = (run.private_key(), run.private_key());
    let public = KeyPair::new(other, Bugs::NONE).public;
    let shared = run.subject.key_agree(&private, &public, Profile::Strict)?;
    expect_bytes("the agreement", &dh(&private, &public), &shared)
}

/// All five give 32 zero bytes.
pub(super) fn zero_used(run: &mut Run) -> Outcome {
    for public in small_order() {
        let private = run.private_key();
        let shared = run.subject.key_agree(&private, &public, Profile::Compatible)?;
        expect_bytes("the agreement", &[0; 32], &shared)?;
    }
    Ok(())
}

/// A base key or an identity of small order in a prekey message, and a one-time prekey of small order in a bundle.
pub(super) fn zero_refused_in_a_handshake(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers_in(run, Profile::Strict)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let inner = scene.judge.draft(b"honest")?.seal();
    let mut bundle = scene.judge.bundle()?;
    for public in small_order() {
        let mut parts = scene.judge.prekey_parts(&inner)?;
        parts.base_key = public.to_vec();
        for one_time in [parts.one_time_prekey_id, None] {
            parts.one_time_prekey_id = one_time;
            let message = prekey_message(encode_prekey_message(&parts, Bugs::NONE));
            scene.refuses_as("a base key of small order", &message, "bad_agreement")?;
        }
        let mut parts = scene.judge.prekey_parts(&inner)?;
        parts.identity_key = public.to_vec();
        let message = prekey_message(encode_prekey_message(&parts, Bugs::NONE));
        scene.refuses_as("an identity of small order", &message, "bad_agreement")?;
        if let Some(prekey) = &mut bundle.one_time_prekey {
            prekey.public = public.to_vec();
        }
        let peer = scene.judge.address();
        let initiate = || scene.subject.initiate(&peer, &bundle);
        refuses_unchanged(&scene.subject, "bad_agreement", initiate)?;
    }
    scene.tell()?;
    scene.hear().map(drop)
}

/// The judge's bundle with a signed prekey of small order under a right signature.
fn weak_bundle(scene: &mut Scene, public: &Public) -> Result<Bundle, Stop> {
    let mut bundle = scene.judge.bundle()?;
    let Judge { party, draws, .. } = &mut scene.judge;
    bundle.signed_prekey.signature = own(party.sign(public, draws))?.to_vec();
    bundle.signed_prekey.public = public.to_vec();
    Ok(bundle)
}

/// A signed prekey of small order, rightly signed: with it the first and the third agreement are zero.
pub(super) fn zero_refused_in_a_bundle(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers_in(run, Profile::Strict)?;
    let peer = scene.judge.address();
    for public in small_order() {
        let bundle = weak_bundle(&mut scene, &public)?;
        let initiate = || scene.subject.initiate(&peer, &bundle);
        refuses_unchanged(&scene.subject, "bad_agreement", initiate)?;
    }
    scene.begun_by_subject()?.rounds(1)
}

/// The same bundles begin sessions.
pub(super) fn zero_used_in_a_bundle(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers_in(run, Profile::Compatible)?;
    let peer = scene.judge.address();
    for public in small_order() {
        let bundle = weak_bundle(&mut scene, &public)?;
        scene.subject.initiate(&peer, &bundle)?;
        let message = scene.subject.encrypt(&peer, b"to anybody")?;
        expect_eq("the type of the first message", &3_u8, &message.kind)?;
    }
    Ok(())
}

/// The judge's next chain begins with a ratchet key of small order, so that the agreement is zero for anybody.
fn zero_step(run: &mut Run, profile: Profile) -> Result<(Scene, Message), Stop> {
    let mut scene = Scene::strangers_in(run, profile)?.begun_by_judge()?;
    scene.tell()?;
    let text = scene.judge.words()?;
    let reply = scene.subject.encrypt(&scene.judge.address(), &text)?;
    let [public, ..] = small_order();
    scene.judge.open_choosing(&reply, KeyPair { private: run.private_key(), public })?;
    let message = scene.judge.draft(b"a zero step")?.seal();
    Ok((scene, message))
}

/// The step is made with 32 zero bytes, and so is the second half of it, in which the subject answers.
pub(super) fn zero_used_in_a_ratchet_step(run: &mut Run) -> Outcome {
    let (mut scene, message) = zero_step(run, Profile::Compatible)?;
    scene.reads_as("a message with a ratchet key of small order", &message, b"a zero step")?;
    scene.judge.skip()?;
    let answer = scene.subject.encrypt(&scene.judge.address(), b"answer")?;
    let ratchet_key = ratchet_of(&answer)?.ratchet_key;
    let session = scene.judge.session_mut()?;
    let (_, key) = kdf_root(&session.root_key, &[0; 32], Bugs::NONE);
    session.receiver_chains.push_back(ReceiverChain {
        ratchet_key,
        chain: Chain { key, index: 0 },
        seeds: std::collections::VecDeque::new(),
    });
    scene.heard(&answer, b"answer")
}

/// The message is refused as one that no session decrypts.
pub(super) fn zero_refused_in_a_ratchet_step(run: &mut Run) -> Outcome {
    let (scene, message) = zero_step(run, Profile::Strict)?;
    scene.refuses_as("a message with a ratchet key of small order", &message, "invalid_message")
}
