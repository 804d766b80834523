//! Boxes and their message form.

use serde_json::{Value, json};

use super::Made;
use super::file::{BugType, Note, Vector, VectorFile};
use super::scenario::{ANY, Scenario};
use crate::naive::boxes::{Suite, seal, seal_slot};
use crate::naive::bugs::Bugs;
use crate::naive::keys::{clamp, public_of, raw};

const NOTES: &[Note] = &[
    Note {
        name: "Compatibility",
        bug_type: BugType::Interoperability,
        effect: "Other bytes than NaCl or libsodium: nobody else can open them.",
        links: &[
            "https://nacl.cr.yp.to/box.html",
            "https://doc.libsodium.org/public-key_cryptography/authenticated_encryption",
        ],
    },
    Note {
        name: "AlteredBox",
        bug_type: BugType::AuthBypass,
        effect: "An altered ciphertext opens: the sender is not authenticated.",
        links: &[],
    },
    Note {
        name: "WrongLength",
        bug_type: BugType::Encoding,
        effect: "A key or nonce of another length is padded or cut, and collides with another one.",
        links: &[],
    },
    Note {
        name: "SmallOrder",
        bug_type: BugType::AuthBypass,
        effect: "The agreement is all zero: anybody can seal and open.",
        links: &["https://www.rfc-editor.org/rfc/rfc7748#section-6.1"],
    },
    Note {
        name: "ContentExchanged",
        bug_type: BugType::AuthBypass,
        effect: "A recipient exchanges the content and passes the message on as the sender's.",
        links: &[],
    },
];

const SUITES: [(&str, Suite, &str); 2] =
    [("box-xsalsa20", Suite::XSalsa20, "BOX-2"), ("box-xchacha20", Suite::XChaCha20, "BOX-3")];

pub fn file() -> Made<VectorFile> {
    let mut vectors = Vec::new();
    for (name, suite, requirement) in SUITES {
        vectors.extend(honest(name, requirement)?);
        vectors.extend(hostile(name, suite)?);
    }
    vectors.extend(messages()?);
    Ok(VectorFile { name: "box", title: "Static boxes", notes: NOTES, vectors })
}

/// Two key pairs and a nonce.
struct Pair {
    alice: [u8; 32],
    bob: [u8; 32],
    nonce: [u8; 24],
}

impl Pair {
    fn draw(vector: &mut Scenario) -> Self {
        Self {
            alice: clamp(vector.rng.bytes()),
            bob: clamp(vector.rng.bytes()),
            nonce: vector.rng.bytes(),
        }
    }

    fn public(private: &[u8; 32]) -> [u8; 32] {
        raw(&public_of(private))
    }

    fn open_args(&self, suite: &str, ciphertext: &[u8]) -> Value {
        json!({
            "suite": suite, "private": hex::encode(self.bob),
            "public": hex::encode(Self::public(&self.alice)), "nonce": hex::encode(self.nonce),
            "ciphertext": hex::encode(ciphertext),
        })
    }

    fn seal_args(&self, suite: &str, plaintext: &[u8]) -> Value {
        json!({
            "suite": suite, "private": hex::encode(self.alice),
            "public": hex::encode(Self::public(&self.bob)), "nonce": hex::encode(self.nonce),
            "plaintext": hex::encode(plaintext),
        })
    }
}

fn honest(suite: &str, requirement: &str) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    for length in [0, 32, 33, 200] {
        let id = format!("box/{suite}/{length}-bytes");
        let mut vector = Scenario::new(&id, ANY, &[requirement], "sealed, and opened by the other");
        let pair = Pair::draw(&mut vector);
        let plaintext = vector.rng.many(length);
        vector.note("Compatibility");
        let sealed = vector.ok("box.seal", pair.seal_args(suite, &plaintext), 0)?;
        let sealed = hex::decode(sealed["ciphertext"].as_str().unwrap_or_default());
        vector.ok("box.open", pair.open_args(suite, &sealed.unwrap_or_default()), 0)?;
        made.push(vector.done());
    }
    Ok(made)
}

fn hostile(name: &str, suite: Suite) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let mut push = |slug: &str, requirement: &str, note, code: &str, change: Change| -> Made<()> {
        let id = format!("box/{name}/{slug}");
        let mut vector = Scenario::new(&id, ANY, &[requirement], "refused when opened");
        let pair = Pair::draw(&mut vector);
        let plaintext = vector.rng.many(40);
        let public = Pair::public(&pair.bob);
        let sealed = seal(suite, &pair.alice, &public, &pair.nonce, &plaintext, Bugs::NONE);
        let mut args = pair.open_args(name, &sealed.unwrap_or_default());
        change(&mut args);
        vector.note(note).refused("box.open", args, code)?;
        made.push(vector.done());
        Ok(())
    };
    let altered = "invalid_message";
    push("tag-first-bit", "BOX-4", "AlteredBox", altered, |a| flip(a, "ciphertext", 0))?;
    push("tag-last-bit", "BOX-4", "AlteredBox", altered, |a| flip(a, "ciphertext", 31))?;
    push("body-first-bit", "BOX-4", "AlteredBox", altered, |a| flip(a, "ciphertext", 32))?;
    push("body-last-bit", "BOX-4", "AlteredBox", altered, |a| flip(a, "ciphertext", 111))?;
    push("cut-by-one", "BOX-4", "AlteredBox", altered, |a| cut(a, "ciphertext", 110))?;
    push("tag-only", "BOX-4", "AlteredBox", altered, |a| cut(a, "ciphertext", 32))?;
    push("other-nonce", "BOX-4", "AlteredBox", altered, |a| flip(a, "nonce", 47))?;
    push("15-bytes", "BOX-5", "AlteredBox", "too_short", |a| cut(a, "ciphertext", 30))?;
    push("empty", "BOX-5", "AlteredBox", "too_short", |a| cut(a, "ciphertext", 0))?;
    push("nonce-23-bytes", "BOX-1", "WrongLength", "malformed", |a| cut(a, "nonce", 46))?;
    push("nonce-25-bytes", "BOX-1", "WrongLength", "malformed", |a| extend(a, "nonce"))?;
    push("public-31-bytes", "BOX-1", "WrongLength", "malformed", |a| cut(a, "public", 62))?;
    push("public-33-bytes", "BOX-1", "WrongLength", "malformed", |a| extend(a, "public"))?;
    push("private-31-bytes", "BOX-1", "WrongLength", "malformed", |a| cut(a, "private", 62))?;
    push("private-33-bytes", "BOX-1", "WrongLength", "malformed", |a| extend(a, "private"))?;
    push("public-zero", "BOX-6", "SmallOrder", "bad_agreement", |args| {
        args["public"] = json!(hex::encode([0; 32]));
    })?;
    push("public-one", "BOX-6", "SmallOrder", "bad_agreement", |args| {
        let mut one = [0; 32];
        one[0] = 1;
        args["public"] = json!(hex::encode(one));
    })?;
    Ok(made)
}

/// What is done to the arguments of an honest `box.open`.
type Change = fn(&mut Value);

fn text(args: &Value, name: &str) -> String {
    args[name].as_str().unwrap_or_default().to_owned()
}

/// Flips the lowest bit of one hex digit.
fn flip(args: &mut Value, name: &str, digit: usize) {
    let mut bytes = hex::decode(text(args, name)).unwrap_or_default();
    bytes[digit / 2] ^= if digit.is_multiple_of(2) { 0x10 } else { 0x01 };
    args[name] = json!(hex::encode(bytes));
}

fn cut(args: &mut Value, name: &str, digits: usize) {
    let mut text = text(args, name);
    text.truncate(digits);
    args[name] = json!(text);
}

fn extend(args: &mut Value, name: &str) {
    args[name] = json!(text(args, name) + "00");
}

fn messages() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    for count in [0, 1, 3] {
        let id = format!("box/message/{count}-recipients");
        let comment = "one content, a slot for each device; each opens its own";
        let mut vector = Scenario::new(&id, ANY, &["BOX-7", "BOX-9"], comment);
        let alice: [u8; 32] = clamp(vector.rng.bytes());
        let devices: Vec<[u8; 32]> = (0..count).map(|_| clamp(vector.rng.bytes())).collect();
        let sealed = seal_message(&mut vector, &alice, &devices)?;
        for (device, slot) in devices.iter().zip(&sealed.1) {
            let args = open_args(device, &alice, slot, &sealed.0);
            vector.note("ContentExchanged").ok("box.open_message", args, 0)?;
        }
        made.push(vector.done());
    }
    made.extend(hostile_messages()?);
    Ok(made)
}

/// Content and slots of a message sealed in the vector itself.
fn seal_message(
    vector: &mut Scenario,
    alice: &[u8; 32],
    devices: &[[u8; 32]],
) -> Made<(String, Vec<String>)> {
    let recipients = devices.iter().map(|device| hex::encode(Pair::public(device)));
    let args = json!({
        "private": hex::encode(alice), "recipients": recipients.collect::<Vec<_>>(),
        "header": hex::encode("header"), "content": hex::encode(vector.rng.many(70)),
    });
    let ok = vector.ok("box.seal_message", args, 32 + 24 * devices.len())?;
    let slots = ok["slots"].as_array().cloned().unwrap_or_default();
    let slots = slots.iter().map(|slot| slot.as_str().unwrap_or_default().to_owned());
    Ok((text(&ok, "content"), slots.collect()))
}

fn open_args(device: &[u8; 32], alice: &[u8; 32], slot: &str, content: &str) -> Value {
    json!({
        "private": hex::encode(device), "public": hex::encode(Pair::public(alice)),
        "slot": slot, "content": content,
    })
}

fn hostile_messages() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let cases: [(&str, &str, &str, &str, Change); 6] = [
        ("content-first-bit", "BOX-8", "ContentExchanged", "invalid_message", |a| {
            flip(a, "content", 0);
        }),
        ("content-tag", "BOX-8", "ContentExchanged", "invalid_message", |a| {
            let last = text(a, "content").len() - 1;
            flip(a, "content", last);
        }),
        ("slot-nonce", "BOX-4", "AlteredBox", "invalid_message", |a| flip(a, "slot", 0)),
        ("slot-tag", "BOX-4", "AlteredBox", "invalid_message", |a| flip(a, "slot", 48)),
        ("slot-body", "BOX-4", "AlteredBox", "invalid_message", |a| flip(a, "slot", 80)),
        ("slot-39-bytes", "BOX-5", "AlteredBox", "too_short", |a| cut(a, "slot", 78)),
    ];
    for (slug, requirement, note, code, change) in cases {
        let id = format!("box/message/{slug}");
        let mut vector = Scenario::new(&id, ANY, &[requirement], "altered on the way: refused");
        let (alice, bob) = (clamp(vector.rng.bytes()), clamp(vector.rng.bytes()));
        let (content, slots) = seal_message(&mut vector, &alice, &[bob])?;
        let slot = slots.first().map(String::as_str).unwrap_or_default();
        let mut args = open_args(&bob, &alice, slot, &content);
        change(&mut args);
        vector.note(note).refused("box.open_message", args, code)?;
        made.push(vector.done());
    }
    made.push(exchanged_content()?);
    Ok(made)
}

/// A recipient knows the content key, so it can make another content that authenticates.
fn exchanged_content() -> Made<Vector> {
    let comment = "another content under the right content key: only the hash tells";
    let mut vector = Scenario::new("box/message/exchanged-content", ANY, &["BOX-8"], comment);
    let (alice, bob) = (clamp(vector.rng.bytes()), clamp(vector.rng.bytes()));
    let (key, nonce): ([u8; 32], [u8; 24]) = (vector.rng.bytes(), vector.rng.bytes());
    let honest = crate::naive::aead::xseal(&key, &[0; 24], b"", b"pay bob 1");
    let other = crate::naive::aead::xseal(&key, &[0; 24], b"", b"pay bob 9");
    let hash = crate::naive::primitives::sha256(&[&honest]);
    let text = [&b"header"[..], &key, &hash].concat();
    let slot = seal_slot(&alice, &Pair::public(&bob), &nonce, &text, Bugs::NONE);
    let slot = hex::encode(slot.unwrap_or_default());
    vector.note("ContentExchanged");
    vector.ok("box.open_message", open_args(&bob, &alice, &slot, &hex::encode(honest)), 0)?;
    let args = open_args(&bob, &alice, &slot, &hex::encode(other));
    vector.refused("box.open_message", args, "invalid_message")?;
    Ok(vector.done())
}
