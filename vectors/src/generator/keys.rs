//! Keys: taking private keys in, decoding public keys, agreement.

use serde_json::json;

use super::file::{BugType, Note, Vector, VectorFile};
use super::scenario::{ANY, BOTH, COMPATIBLE, STRICT, Scenario};
use super::{Made, VectorRng};
use crate::naive::keys::{clamp, public_of, with_type};

const NOTES: &[Note] = &[
    Note {
        name: "Clamping",
        bug_type: BugType::Interoperability,
        effect: "Private keys used as given give other public keys and agreements than a peer's.",
        links: &["https://www.rfc-editor.org/rfc/rfc7748#section-5"],
    },
    Note {
        name: "KeyEncoding",
        bug_type: BugType::Encoding,
        effect: "A decoder that accepts another form lets one key have two names.",
        links: &[],
    },
    Note {
        name: "NonCanonicalKey",
        bug_type: BugType::Encoding,
        effect: "The same point under several encodings; the bytes enter the MAC, so peers disagree.",
        links: &["https://www.rfc-editor.org/rfc/rfc7748#section-5"],
    },
    Note {
        name: "SmallOrder",
        bug_type: BugType::AuthBypass,
        effect: "The agreement is all zero whatever the private key: anybody can compute it.",
        links: &["https://www.rfc-editor.org/rfc/rfc7748#section-6.1"],
    },
    Note {
        name: "TopBit",
        bug_type: BugType::Interoperability,
        effect: "Bit 255 taken as part of the number gives another agreement.",
        links: &[],
    },
];

pub fn file() -> Made<VectorFile> {
    let mut vectors = public()?;
    vectors.extend(decode()?);
    vectors.extend(agree()?);
    Ok(VectorFile { name: "keys", title: "X25519 keys and agreement", notes: NOTES, vectors })
}

fn public() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let cases = [
        ("rfc7748-alice", "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
        ("rfc7748-bob", "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
        ("all-zero", "0000000000000000000000000000000000000000000000000000000000000000"),
        ("all-ones", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
        ("low-bits-set", "0700000000000000000000000000000000000000000000000000000000000040"),
        ("high-bit-set", "00000000000000000000000000000000000000000000000000000000000000c0"),
    ];
    for (slug, private) in cases {
        let id = format!("keys/public/{slug}");
        let mut vector = Scenario::new(&id, ANY, &["PRIM-1"], "the public key of a private key");
        vector.note("Clamping").ok("key.public", json!({ "private": private }), 0)?;
        made.push(vector.done());
    }
    Ok(made)
}

/// The field prime, little-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};

/// Encodings of u that are not the smallest of their number: slug and bytes.
fn non_canonical() -> Vec<(&'static str, [u8; 32])> {
    let with = |low: u8| {
        let mut u = PRIME;
        u[0] = low;
        u
    };
    let nine = {
        let mut u = [0; 32];
        u[0] = 9;
        u[31] = 0x80;
        u
    };
    vec![
        ("prime", with(0xed)),
        ("prime-plus-1", with(0xee)),
        ("prime-plus-18", with(0xff)),
        ("base-point-with-top-bit", nine),
        ("all-ones", [0xff; 32]),
    ]
}

/// Points whose order divides the cofactor: slug and u.
fn small_order() -> Vec<(&'static str, [u8; 32])> {
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = PRIME;
    minus_one[0] = 0xec;
    let eight_a = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    let eight_b = "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157";
    let number = |text: &str| {
        let mut u = [0; 32];
        hex::decode_to_slice(text, &mut u).unwrap_or_default();
        u
    };
    vec![
        ("zero", [0; 32]),
        ("one", one),
        ("minus-one", minus_one),
        ("order-8-a", number(eight_a)),
        ("order-8-b", number(eight_b)),
    ]
}

fn decode() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let good = public_of(&clamp(VectorRng::of("keys/decode").bytes()));
    for profile in [COMPATIBLE, STRICT] {
        let decode = |bytes: &[u8]| json!({ "public": hex::encode(bytes), "profile": profile });
        let mut refused =
            |slug: &str, bytes: &[u8], requirement: &str, note, code: &str| -> Made<()> {
                let id = format!("keys/decode/{slug}@{profile}");
                let mut vector =
                    Scenario::new(&id, profile, &[requirement], "refused by the decoder");
                vector.note(note).refused("key.decode", decode(bytes), code)?;
                made.push(vector.done());
                Ok(())
            };
        refused("empty", &[], "PRIM-5", "KeyEncoding", "no_key_type")?;
        for key_type in [0x00, 0x04, 0x06, 0x85] {
            let mut other = good;
            other[0] = key_type;
            let slug = format!("type-{key_type:02x}");
            refused(&slug, &other, "PRIM-6", "KeyEncoding", "bad_key_type")?;
        }
        for length in [1, 2, 32] {
            let slug = format!("{length}-bytes");
            refused(&slug, &good[..length], "PRIM-7", "KeyEncoding", "bad_key_length")?;
        }
        if profile == STRICT {
            let long = [&good[..], &[0]].concat();
            refused("34-bytes", &long, "PRIM-9", "KeyEncoding", "bad_key_length")?;
            for (slug, u) in non_canonical() {
                refused(slug, &with_type(&u), "PRIM-11", "NonCanonicalKey", "bad_key")?;
            }
        }
        let mut accepted = |slug: &str, bytes: &[u8], requirement: &[&str], note| -> Made<()> {
            let id = format!("keys/decode/{slug}@{profile}");
            let mut vector =
                Scenario::new(&id, profile, requirement, "accepted; the reply is the form kept");
            vector.note(note).ok("key.decode", decode(bytes), 0)?;
            made.push(vector.done());
            Ok(())
        };
        accepted("valid", &good, &["PRIM-6", "PRIM-7"], "KeyEncoding")?;
        if profile == COMPATIBLE {
            let long = [&good[..], &[1, 2, 3]].concat();
            accepted("36-bytes", &long, &["PRIM-8"], "KeyEncoding")?;
            for (slug, u) in non_canonical() {
                accepted(slug, &with_type(&u), &["PRIM-10"], "NonCanonicalKey")?;
            }
        }
    }
    Ok(made)
}

fn agree() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let args = |private: &[u8; 32], public: &[u8; 33], profile: &str| {
        json!({
            "private": hex::encode(private), "public": hex::encode(public), "profile": profile
        })
    };
    for number in 1..=4 {
        let id = format!("keys/agree/random-{number}");
        let mut vector = Scenario::new(&id, BOTH, &["PRIM-1"], "an agreement");
        let (private, other) = (vector.rng.bytes(), clamp(vector.rng.bytes()));
        vector.note("Clamping").ok(
            "key.agree",
            args(&private, &public_of(&other), COMPATIBLE),
            0,
        )?;
        made.push(vector.done());
    }
    let mut top = Scenario::new(
        "keys/agree/top-bit@compatible",
        COMPATIBLE,
        &["PRIM-2"],
        "the top bit of the public key is ignored: both agreements are the same",
    );
    let private: [u8; 32] = top.rng.bytes();
    let mut public = public_of(&clamp(top.rng.bytes()));
    top.note("TopBit").ok("key.agree", args(&private, &public, COMPATIBLE), 0)?;
    public[32] |= 0x80;
    top.ok("key.agree", args(&private, &public, COMPATIBLE), 0)?;
    made.push(top.done());
    for (slug, u) in small_order() {
        for profile in [COMPATIBLE, STRICT] {
            let id = format!("keys/agree/{slug}@{profile}");
            let requirement = if profile == STRICT { "PRIM-3" } else { "PRIM-4" };
            let mut vector =
                Scenario::new(&id, profile, &[requirement], "an agreement of 32 zero bytes");
            let private = vector.rng.bytes();
            let args = args(&private, &with_type(&u), profile);
            vector.note("SmallOrder");
            if profile == STRICT {
                vector.refused("key.agree", args, "bad_agreement")?;
            } else {
                vector.ok("key.agree", args, 0)?;
            }
            made.push(vector.done());
        }
    }
    Ok(made)
}
