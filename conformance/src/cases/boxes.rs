//! Cases of the boxes between static keys. Spec: `spec/box.md`.

use countersign_vectors::naive::{
    aead,
    boxes::{self, Suite, open_message, seal_slot},
    bugs::Bugs,
    keys::{public_of, raw},
    primitives::sha256,
};

use crate::{
    case::{
        Case, Outcome,
        Severity::{Interop, Security},
        Stop,
    },
    expect::{expect_bytes, expect_different, expect_eq, expect_refused},
    run::Run,
    scene::judge::{defect, own, unreadable},
    subject::keys::{BoxKeys, SealedMessage},
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
    Case::live("boxes/message/sealed", &["BOX-7"], XCHACHA20, Security, sealed_message),
    Case::live("boxes/message/opened", &["BOX-7"], XCHACHA20, Interop, opened_message),
    Case::live("boxes/message/draws", &["BOX-7", "BOX-9"], &["box-xchacha20/1", "rng.inject"], Interop, draws),
    Case::live("boxes/message/zero-agreement", &["BOX-6"], XCHACHA20, Security, zero_agreement_in_message),
    Case::live("boxes/message/content-of-another-slot", &["BOX-8"], XCHACHA20, Security, exchanged_content),
    Case::live("boxes/message/altered", &["BOX-4"], XCHACHA20, Security, altered_message),
    Case::live("boxes/message/short", &["BOX-5"], XCHACHA20, Security, short_message),
    Case::live("boxes/message/fresh-key-and-nonces", &["BOX-9"], XCHACHA20, Security, fresh_key_and_nonces),
];

/// A suite as both sides name it.
type Named = (&'static str, Suite);
const SALSA: Named = ("box-xsalsa20", Suite::XSalsa20);
const CHACHA: Named = ("box-xchacha20", Suite::XChaCha20);

/// Numbers of points whose order divides 8: the agreement with each is all zero.
const SMALL_ORDER: [[u8; 32]; 2] = [[0; 32], {
    let mut one = [0; 32];
    one[0] = 1;
    one
}];

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

/// The subject seals for three devices, of which each opens its own slot: header, key and the content's hash.
fn sealed_message(run: &mut Run) -> Outcome {
    let sender = key_pair(run);
    let recipients = [key_pair(run), key_pair(run), key_pair(run)];
    let publics = recipients.map(|recipient| recipient.1);
    for (header, length) in [(&b""[..], 0), (b"header", 1), (b"a longer header", 500)] {
        let text = run.random(length);
        let made = run.subject.box_seal_message(&sender.0, &publics, header, &text)?;
        expect_eq("the number of slots", &recipients.len(), &made.slots.len())?;
        for (recipient, slot) in recipients.iter().zip(&made.slots) {
            expect_eq("the length of a slot", &(104 + header.len()), &slot.len())?;
            let opened = open_message(&recipient.0, &sender.1, slot, &made.content, Bugs::NONE);
            let (opened, content) = opened.map_err(|fault| unreadable("a slot", &fault))?;
            expect_bytes("the header", header, &opened)?;
            expect_bytes("the content", &text, &content)?;
        }
    }
    Ok(())
}

/// A slot's text sealed by `sender` for `recipient`, and the content that goes with its key.
fn sealed_by(
    run: &mut Run,
    sender: &[u8; 32],
    recipient: &[u8; 32],
    header: &[u8],
    text: &[u8],
) -> Result<SealedMessage, Stop> {
    let key: [u8; 32] = run.bytes();
    let content = aead::xseal(&key, &[0; 24], b"", text);
    let inside = [header, &key, &sha256(&[&content])].concat();
    let slot = own(seal_slot(sender, recipient, &run.bytes(), &inside, Bugs::NONE))?;
    Ok(SealedMessage { content, slots: vec![slot] })
}

fn slot(made: &SealedMessage) -> Result<&[u8], Stop> {
    made.slots.first().map(Vec::as_slice).ok_or_else(|| defect("no slot"))
}

/// The subject opens what an honest sender made.
fn opened_message(run: &mut Run) -> Outcome {
    let (sender, recipient) = (key_pair(run), key_pair(run));
    for (header, length) in [(&b""[..], 0), (b"header", 1), (b"a longer header", 500)] {
        let text = run.random(length);
        let made = sealed_by(run, &sender.0, &recipient.1, header, &text)?;
        let opened =
            run.subject.box_open_message(&recipient.0, &sender.1, slot(&made)?, &made.content)?;
        expect_bytes("the header", header, &opened.0)?;
        expect_bytes("the content", &text, &opened.1)?;
    }
    Ok(())
}

/// Content key first, then a nonce per recipient, in their order.
fn draws(run: &mut Run) -> Outcome {
    let (sender, text) = (key_pair(run), run.random(40));
    let publics = [key_pair(run).1, key_pair(run).1];
    let draws =
        boxes::MessageDraws { content_key: run.bytes(), nonces: vec![run.bytes(), run.bytes()] };
    let recipients = publics.map(|public| public.to_vec());
    let expected =
        own(boxes::seal_message(&sender.0, &recipients, b"header", &text, &draws, Bugs::NONE))?;
    run.load_rng(&[&draws.content_key[..], &draws.nonces.concat()].concat())?;
    let made = run.subject.box_seal_message(&sender.0, &publics, b"header", &text)?;
    expect_bytes("the content", &expected.content, &made.content)?;
    expect_eq("the slots", &expected.slots, &made.slots)
}

/// One recipient of small order refuses the whole; a sender of small order opens nothing.
fn zero_agreement_in_message(run: &mut Run) -> Outcome {
    let (sender, recipient) = (key_pair(run), key_pair(run));
    let made = sealed_by(run, &sender.0, &recipient.1, b"header", b"text")?;
    for weak in SMALL_ORDER {
        let publics = [recipient.1, weak];
        expect_refused(
            run.subject.box_seal_message(&sender.0, &publics, b"", b"text"),
            "bad_agreement",
        )?;
        let opened = run.subject.box_open_message(&recipient.0, &weak, slot(&made)?, &made.content);
        expect_refused(opened, "bad_agreement")?;
    }
    Ok(())
}

/// Another recipient knows the content key and makes other content under it: the slot's hash tells.
fn exchanged_content(run: &mut Run) -> Outcome {
    let (sender, recipient) = (key_pair(run), key_pair(run));
    let key: [u8; 32] = run.bytes();
    let honest = aead::xseal(&key, &[0; 24], b"", b"pay ten to Bob");
    let inside = [b"header", &key[..], &sha256(&[&honest])].concat();
    let slot = own(seal_slot(&sender.0, &recipient.1, &run.bytes(), &inside, Bugs::NONE))?;
    for text in [&b"pay all to Eve"[..], b""] {
        let other = aead::xseal(&key, &[0; 24], b"", text);
        let opened = run.subject.box_open_message(&recipient.0, &sender.1, &slot, &other);
        expect_refused(opened, "invalid_message")?;
    }
    let opened = run.subject.box_open_message(&recipient.0, &sender.1, &slot, &honest)?;
    expect_bytes("the content", b"pay ten to Bob", &opened.1)
}

/// One bit of a slot's nonce, tag and text; content that fits the hash but not the key; a slot for somebody else.
fn altered_message(run: &mut Run) -> Outcome {
    let (sender, recipient, other) = (key_pair(run), key_pair(run), key_pair(run));
    let made = sealed_by(run, &sender.0, &recipient.1, b"header", b"text")?;
    let open = |own: &[u8; 32], from: &[u8; 32], slot: &[u8], content: &[u8]| {
        expect_refused(run.subject.box_open_message(own, from, slot, content), "invalid_message")
    };
    for at in [0, 23, 24, 39, 40, 60, 100, 109] {
        let mut altered = slot(&made)?.to_vec();
        if let Some(byte) = altered.get_mut(at) {
            *byte ^= 4;
        }
        open(&recipient.0, &sender.1, &altered, &made.content)?;
    }
    open(&other.0, &sender.1, slot(&made)?, &made.content)?;
    open(&recipient.0, &other.1, slot(&made)?, &made.content)?;
    let content = aead::xseal(&other.0, &[0; 24], b"", b"text");
    let inside = [b"header", &sender.0[..], &sha256(&[&content])].concat();
    let wrong_key = own(seal_slot(&sender.0, &recipient.1, &[7; 24], &inside, Bugs::NONE))?;
    open(&recipient.0, &sender.1, &wrong_key, &content)
}

/// Slots without room for nonce and tag, content without room for a tag.
fn short_message(run: &mut Run) -> Outcome {
    let (sender, recipient) = (key_pair(run), key_pair(run));
    let made = sealed_by(run, &sender.0, &recipient.1, b"header", b"text")?;
    for length in [0, 1, 23, 24, 39] {
        let cut = slot(&made)?.get(..length).unwrap_or_default();
        let opened = run.subject.box_open_message(&recipient.0, &sender.1, cut, &made.content);
        expect_refused(opened, "too_short")?;
    }
    for length in [0, 1, 15] {
        let cut = made.content.get(..length).unwrap_or_default();
        let opened = run.subject.box_open_message(&recipient.0, &sender.1, slot(&made)?, cut);
        expect_refused(opened, "too_short")?;
    }
    Ok(())
}

/// The same message to the same devices three times: no nonce and no content comes twice.
fn fresh_key_and_nonces(run: &mut Run) -> Outcome {
    let sender = key_pair(run);
    let publics = [key_pair(run).1, key_pair(run).1, key_pair(run).1];
    let (mut nonces, mut contents): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let made =
            run.subject.box_seal_message(&sender.0, &publics, b"header", b"the same text")?;
        contents.push(made.content);
        nonces.extend(made.slots.iter().map(|slot| slot.iter().take(24).copied().collect()));
    }
    for (what, values) in [("two nonces", nonces), ("two contents", contents)] {
        for (number, value) in values.iter().enumerate() {
            for later in values.iter().skip(number + 1) {
                expect_different(what, value, later)?;
            }
        }
    }
    Ok(())
}
