//! Cases of the boxes between static keys. Spec: `spec/box.md`.

mod message;

use countersign_vectors::naive::{
    boxes::{self, Suite},
    bugs::Bugs,
    keys::{public_of, raw},
};

use crate::{
    case::{
        Case, Outcome,
        Severity::{Interop, Security},
        Stop,
    },
    expect::{expect_bytes, expect_refused},
    run::Run,
    scene::{judge::own, small_order::SMALL_ORDER},
    subject::keys::BoxKeys,
};

const XSALSA20: &[&str] = &["box-xsalsa20/1"];
const XCHACHA20: &[&str] = &["box-xchacha20/1"];

/// The cases of this chapter.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    Case::live("boxes/lengths/xsalsa20", &["BOX-1"], XSALSA20, Security, |run| lengths(run, SALSA)),
    Case::live("boxes/lengths/xchacha20", &["BOX-1"], XCHACHA20, Security, |run| lengths(run, CHACHA)),
    Case::live("boxes/bytes/xsalsa20", &["BOX-2"], XSALSA20, Interop, |run| same_bytes(run, SALSA)),
    Case::live("boxes/bytes/xchacha20", &["BOX-3"], XCHACHA20, Interop, |run| same_bytes(run, CHACHA)),
    Case::live("boxes/altered/xsalsa20", &["BOX-4"], XSALSA20, Security, |run| altered(run, SALSA)),
    Case::live("boxes/altered/xchacha20", &["BOX-4"], XCHACHA20, Security, |run| altered(run, CHACHA)),
    Case::live("boxes/short/xsalsa20", &["BOX-5"], XSALSA20, Security, |run| short(run, SALSA)),
    Case::live("boxes/short/xchacha20", &["BOX-5"], XCHACHA20, Security, |run| short(run, CHACHA)),
    Case::live("boxes/zero-agreement/xsalsa20", &["BOX-6"], XSALSA20, Security, |run| zero_agreement(run, SALSA)),
    Case::live("boxes/zero-agreement/xchacha20", &["BOX-6"], XCHACHA20, Security, |run| zero_agreement(run, CHACHA)),
    Case::live("boxes/message/sealed", &["BOX-7"], XCHACHA20, Security, message::sealed_message),
    Case::live("boxes/message/opened", &["BOX-7"], XCHACHA20, Interop, message::opened_message),
    Case::live("boxes/message/draws", &["BOX-7", "BOX-9"], &["box-xchacha20/1", "rng.inject"], Interop, message::draws),
    Case::live("boxes/message/zero-agreement", &["BOX-6"], XCHACHA20, Security, message::zero_agreement_in_message),
    Case::live("boxes/message/content-of-another-slot", &["BOX-8"], XCHACHA20, Security, message::exchanged_content),
    Case::live("boxes/message/altered", &["BOX-4"], XCHACHA20, Security, message::altered_message),
    Case::live("boxes/message/short", &["BOX-5"], XCHACHA20, Security, message::short_message),
    Case::live("boxes/message/fresh-key-and-nonces", &["BOX-9"], XCHACHA20, Security, message::fresh_key_and_nonces),
];

/// A suite as both sides name it.
type Named = (&'static str, Suite);
const SALSA: Named = ("box-xsalsa20", Suite::XSalsa20);
const CHACHA: Named = ("box-xchacha20", Suite::XChaCha20);

/// Two key pairs and a nonce.
struct Pair {
    mine: ([u8; 32], [u8; 32]),
    theirs: ([u8; 32], [u8; 32]),
    nonce: [u8; 24],
}

fn key_pair(run: &mut Run) -> ([u8; 32], [u8; 32]) {
    let private = run.private_key();
    (private, raw(&public_of(&private)))
}

impl Pair {
    fn new(run: &mut Run) -> Self {
        Self { mine: key_pair(run), theirs: key_pair(run), nonce: run.bytes() }
    }

    /// The subject's end: the first of the two.
    fn keys(&self, suite: Named) -> BoxKeys<'_> {
        BoxKeys {
            suite: suite.0,
            private: &self.mine.0,
            public: &self.theirs.1,
            nonce: &self.nonce,
        }
    }

    /// What the other end seals for the subject.
    fn sealed(&self, suite: Named, plaintext: &[u8]) -> Result<Vec<u8>, Stop> {
        let (private, public) = (&self.theirs.0, &self.mine.1);
        own(boxes::seal(suite.1, private, public, &self.nonce, plaintext, Bugs::NONE))
    }
}

/// Keys of 31 and 33 bytes, nonces of 12, 23 and 25, none at all: when sealing and when opening.
fn lengths(run: &mut Run, suite: Named) -> Outcome {
    let pair = Pair::new(run);
    let sealed = pair.sealed(suite, b"text")?;
    let resized =
        |bytes: &[u8], length| bytes.iter().copied().cycle().take(length).collect::<Vec<u8>>();
    for length in [0, 31, 33, 64] {
        let (private, public) = (resized(&pair.mine.0, length), resized(&pair.theirs.1, length));
        for keys in [
            BoxKeys { private: &private, ..pair.keys(suite) },
            BoxKeys { public: &public, ..pair.keys(suite) },
        ] {
            expect_refused(run.subject.box_seal(keys, b"text"), "malformed")?;
            expect_refused(run.subject.box_open(keys, &sealed), "malformed")?;
        }
    }
    for length in [0, 8, 12, 23, 25] {
        let nonce = resized(&pair.nonce, length);
        let keys = BoxKeys { nonce: &nonce, ..pair.keys(suite) };
        expect_refused(run.subject.box_seal(keys, b"text"), "malformed")?;
        expect_refused(run.subject.box_open(keys, &sealed), "malformed")?;
    }
    Ok(())
}

/// Texts around the block lengths: the same bytes as the other author's box, and read both ways.
fn same_bytes(run: &mut Run, suite: Named) -> Outcome {
    for length in [0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 1000] {
        let (pair, text) = (Pair::new(run), run.random(length));
        let (private, public) = (&pair.mine.0, &pair.theirs.1);
        let expected = own(boxes::seal(suite.1, private, public, &pair.nonce, &text, Bugs::NONE))?;
        let sealed = run.subject.box_seal(pair.keys(suite), &text)?;
        expect_bytes(&format!("the box of {length} bytes"), &expected, &sealed)?;
        let opened = run.subject.box_open(pair.keys(suite), &pair.sealed(suite, &text)?)?;
        expect_bytes("the plaintext", &text, &opened)?;
    }
    Ok(())
}

/// One bit of each byte of a box, another nonce, another sender.
fn altered(run: &mut Run, suite: Named) -> Outcome {
    let (pair, other) = (Pair::new(run), Pair::new(run));
    let sealed = pair.sealed(suite, b"a text of some length")?;
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        if let Some(byte) = altered.get_mut(at) {
            *byte ^= 1 << run.number(0, 7);
        }
        expect_refused(run.subject.box_open(pair.keys(suite), &altered), "invalid_message")?;
    }
    let keys = BoxKeys { nonce: &other.nonce, ..pair.keys(suite) };
    expect_refused(run.subject.box_open(keys, &sealed), "invalid_message")?;
    let keys = BoxKeys { public: &other.theirs.1, ..pair.keys(suite) };
    expect_refused(run.subject.box_open(keys, &sealed), "invalid_message")
}

/// Every length that has no room for a tag.
fn short(run: &mut Run, suite: Named) -> Outcome {
    let pair = Pair::new(run);
    let sealed = pair.sealed(suite, b"text")?;
    for length in 0..16 {
        let cut = sealed.get(..length).unwrap_or_default();
        expect_refused(run.subject.box_open(pair.keys(suite), cut), "too_short")?;
    }
    Ok(())
}

/// Public keys of small order, when sealing and when opening.
fn zero_agreement(run: &mut Run, suite: Named) -> Outcome {
    let pair = Pair::new(run);
    for public in &SMALL_ORDER {
        let keys = BoxKeys { public, ..pair.keys(suite) };
        expect_refused(run.subject.box_seal(keys, b"text"), "bad_agreement")?;
        expect_refused(run.subject.box_open(keys, &[0; 40]), "bad_agreement")?;
    }
    Ok(())
}
