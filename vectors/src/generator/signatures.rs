//! XEdDSA: signing by both rules, and what each profile's verifier accepts.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::Scalar;
use serde_json::json;

use super::Made;
use super::file::{BugType, Note, Vector, VectorFile};
use super::scenario::{ANY, COMPATIBLE, NATIVE, STRICT, Scenario};
use crate::naive::bugs::Bugs;
use crate::naive::keys::{clamp, public_of, with_type};
use crate::naive::xeddsa::{self, ORDER, Rule};

const PAPER: &[&str] = &["https://signal.org/docs/specifications/xeddsa/"];

const NOTES: &[Note] = &[
    Note {
        name: "SigningRule",
        bug_type: BugType::Interoperability,
        effect: "Other bytes than the rule gives: verifiers refuse them, or the nonce is not hedged.",
        links: PAPER,
    },
    Note {
        name: "SignBit",
        bug_type: BugType::Interoperability,
        effect: "A verifier that always takes sign 0 refuses about half of libsignal's signatures.",
        links: PAPER,
    },
    Note {
        name: "Forgery",
        bug_type: BugType::AuthBypass,
        effect: "A signature that fits neither key nor message is taken for good.",
        links: &[],
    },
    Note {
        name: "Malleability",
        bug_type: BugType::Malleability,
        effect: "A second signature can be made from a first without the key.",
        links: &["https://www.rfc-editor.org/rfc/rfc8032#section-8.4"],
    },
    Note {
        name: "InvalidPoint",
        bug_type: BugType::AuthBypass,
        effect: "A key without an Edwards point must not verify anything.",
        links: &[],
    },
    Note {
        name: "SmallOrderKey",
        bug_type: BugType::AuthBypass,
        effect: "Under a key of small order a signature can be made for many messages without a secret.",
        links: &["https://eprint.iacr.org/2020/823"],
    },
];

pub fn file() -> Made<VectorFile> {
    let mut vectors = sign()?;
    for profile in [COMPATIBLE, STRICT, NATIVE] {
        vectors.extend(verify(profile)?);
    }
    vectors.extend(small_order()?);
    vectors.push(libsignal_in_native()?);
    Ok(VectorFile { name: "xeddsa", title: "XEdDSA signatures", notes: NOTES, vectors })
}

fn sign() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    for (rule, requirement) in [("libsignal", "IDENTITY-2"), ("paper", "IDENTITY-11")] {
        for (slug, sign) in [("sign-0", 0), ("sign-1", 1)] {
            for length in [0, 33, 200] {
                let id = format!("xeddsa/sign/{rule}-{slug}-{length}-bytes");
                let comment = "A of this sign; the random bytes are given, so the result is fixed";
                let mut vector = Scenario::new(&id, ANY, &["IDENTITY-1", requirement], comment);
                let private = key_of_sign(&mut vector, sign);
                let (message, random) = (vector.rng.many(length), vector.rng.many(64));
                let args = json!({
                    "private": hex::encode(private), "message": hex::encode(message),
                    "random": hex::encode(random), "rule": rule,
                });
                vector.note("SigningRule").ok("xeddsa.sign", args, 0)?;
                made.push(vector.done());
            }
        }
    }
    let comment = "the private key is clamped before anything else";
    let mut vector =
        Scenario::new("xeddsa/sign/unclamped", ANY, &["PRIM-1", "IDENTITY-1"], comment);
    let args = json!({
        "private": hex::encode([0xff; 32]), "message": "", "random": hex::encode([0; 64]),
        "rule": "libsignal",
    });
    vector.note("SigningRule").ok("xeddsa.sign", args, 0)?;
    made.push(vector.done());
    Ok(made)
}

/// A private key whose A has this sign.
fn key_of_sign(vector: &mut Scenario, sign: u8) -> [u8; 32] {
    loop {
        let private = clamp(vector.rng.bytes());
        let a = Scalar::from_bytes_mod_order(private);
        if EdwardsPoint::mul_base(&a).compress().to_bytes()[31] >> 7 == sign {
            return private;
        }
    }
}

/// A key, a message and its signature.
struct Signed {
    public: [u8; 33],
    message: Vec<u8>,
    signature: [u8; 64],
}

/// One verification vector with `change` made to an honest signature.
fn verification(
    profile: &'static str,
    slug: &str,
    requirement: &str,
    note: &'static str,
    accepted: bool,
    change: impl FnOnce(&mut Signed) -> Vec<u8>,
) -> Made<Vector> {
    let id = format!("xeddsa/verify/{slug}@{profile}");
    let comment = if accepted { "verifies" } else { "does not verify" };
    let mut vector = Scenario::new(&id, profile, &[requirement], comment);
    let sign = u8::from(slug.contains("sign-1"));
    let private = key_of_sign(&mut vector, sign);
    let (message, random) = (vector.rng.many(40), vector.rng.bytes());
    let rule = if profile == NATIVE { Rule::Paper } else { Rule::Libsignal };
    let signature = xeddsa::sign(&private, &message, &random, rule, Bugs::NONE);
    let mut signed = Signed { public: public_of(&private), message, signature };
    let signature = change(&mut signed);
    let args = json!({
        "public": hex::encode(signed.public), "message": hex::encode(&signed.message),
        "signature": hex::encode(signature), "profile": profile,
    });
    vector.note(note);
    if accepted {
        vector.ok("xeddsa.verify", args, 0)?;
    } else {
        vector.refused("xeddsa.verify", args, "bad_signature")?;
    }
    Ok(vector.done())
}

fn verify(profile: &'static str) -> Made<Vec<Vector>> {
    let flipped = |byte: usize, bit: u8| {
        move |signed: &mut Signed| {
            signed.signature[byte] ^= 1 << bit;
            signed.signature.to_vec()
        }
    };
    let native = profile == NATIVE;
    let sign_bit = if native { "IDENTITY-12" } else { "IDENTITY-3" };
    let mut made = vec![
        verification(profile, "sign-0", "IDENTITY-3", "SignBit", true, |s| s.signature.to_vec())?,
        verification(profile, "sign-1", "IDENTITY-3", "SignBit", true, |s| s.signature.to_vec())?,
        verification(profile, "sign-bit-flipped", sign_bit, "SignBit", false, flipped(63, 7))?,
        verification(profile, "r-first-bit", "IDENTITY-9", "Forgery", false, flipped(0, 0))?,
        verification(profile, "r-last-bit", "IDENTITY-9", "Forgery", false, flipped(31, 7))?,
        verification(profile, "s-first-bit", "IDENTITY-9", "Forgery", false, flipped(32, 0))?,
        verification(profile, "s-plus-2-253", "IDENTITY-5", "Malleability", false, flipped(63, 5))?,
        verification(profile, "s-plus-2-254", "IDENTITY-5", "Malleability", false, flipped(63, 6))?,
        verification(profile, "63-bytes", "IDENTITY-4", "Forgery", false, |signed| {
            signed.signature[..63].to_vec()
        })?,
        verification(profile, "65-bytes", "IDENTITY-4", "Forgery", false, |signed| {
            [&signed.signature[..], &[0]].concat()
        })?,
        verification(profile, "empty", "IDENTITY-4", "Forgery", false, |_| Vec::new())?,
        verification(profile, "all-zero", "IDENTITY-9", "Forgery", false, |_| vec![0; 64])?,
        verification(profile, "other-message", "IDENTITY-9", "Forgery", false, |signed| {
            signed.message[0] ^= 1;
            signed.signature.to_vec()
        })?,
        verification(profile, "other-key", "IDENTITY-9", "Forgery", false, |signed| {
            signed.public = public_of(&clamp([7; 32]));
            signed.signature.to_vec()
        })?,
        verification(profile, "u-minus-1", "IDENTITY-8", "InvalidPoint", false, |signed| {
            signed.public = [0xff; 33];
            (signed.public[0], signed.public[1], signed.public[32]) = (5, 0xec, 0x7f);
            signed.signature.to_vec()
        })?,
        verification(profile, "twist-point", "IDENTITY-8", "InvalidPoint", false, |signed| {
            signed.public = twist_point();
            signed.signature.to_vec()
        })?,
    ];
    let (requirement, plus_q) =
        if profile == COMPATIBLE { ("IDENTITY-6", true) } else { ("IDENTITY-7", false) };
    made.push(verification(profile, "s-plus-q", requirement, "Malleability", plus_q, |signed| {
        add_order(&mut signed.signature);
        signed.signature.to_vec()
    })?);
    Ok(made)
}

/// The smallest u of a point that is on the twist and not on the curve.
fn twist_point() -> [u8; 33] {
    let mut u = [0; 32];
    while MontgomeryPoint(u).to_edwards(0).is_some() {
        u[0] += 1;
    }
    with_type(&u)
}

/// Adds q to s and leaves the sign bit as it is.
fn add_order(signature: &mut [u8; 64]) {
    let sign = signature[63] & 0x80;
    signature[63] &= 0x7f;
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    signature[63] |= sign;
}

/// A of order 2 (u = 0): with an even h, R = sB verifies where small orders are not refused.
fn small_order() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    for profile in [COMPATIBLE, STRICT, NATIVE] {
        let id = format!("xeddsa/verify/small-order-key@{profile}");
        let comment = "u = 0, whose A has order 2, and a signature made without a secret";
        let requirement = if profile == COMPATIBLE { "IDENTITY-9" } else { "IDENTITY-10" };
        let mut vector = Scenario::new(&id, profile, &[requirement], comment);
        let s = Scalar::from_bytes_mod_order(vector.rng.bytes());
        let big_r = EdwardsPoint::mul_base(&s).compress().to_bytes();
        let signature = [big_r, s.to_bytes()].concat();
        let mut public = [0; 33];
        public[0] = 5;
        let message = fitting_message(&public, &signature);
        let args = json!({
            "public": hex::encode(public), "message": hex::encode(message),
            "signature": hex::encode(signature), "profile": profile,
        });
        vector.note("SmallOrderKey");
        if profile == COMPATIBLE {
            vector.ok("xeddsa.verify", args, 0)?;
        } else {
            vector.refused("xeddsa.verify", args, "bad_signature")?;
        }
        made.push(vector.done());
    }
    Ok(made)
}

/// The native suite knows the paper's rule alone.
fn libsignal_in_native() -> Made<Vector> {
    let comment = "right by libsignal's rule with the sign bit set, which the paper's rule refuses";
    let id = "xeddsa/verify/libsignal-sign-1@native";
    let mut vector = Scenario::new(id, NATIVE, &["IDENTITY-12"], comment);
    let private = key_of_sign(&mut vector, 1);
    let (message, random) = (vector.rng.many(40), vector.rng.bytes());
    let signature = xeddsa::sign(&private, &message, &random, Rule::Libsignal, Bugs::NONE);
    let args = json!({
        "public": hex::encode(public_of(&private)), "message": hex::encode(message),
        "signature": hex::encode(signature), "profile": NATIVE,
    });
    vector.note("SignBit").refused("xeddsa.verify", args, "bad_signature")?;
    Ok(vector.done())
}

/// The first one-byte message that the compatible verifier accepts: h is even for about half.
fn fitting_message(public: &[u8; 33], signature: &[u8]) -> Vec<u8> {
    let compatible = crate::naive::keys::Profile::Compatible;
    let fits =
        |byte: &u8| xeddsa::verify(public, &[*byte], signature, compatible, Bugs::NONE).is_ok();
    (0..=255).find(fits).into_iter().collect()
}
