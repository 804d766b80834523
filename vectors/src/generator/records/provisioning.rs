//! Link codes and provisioning envelopes.

use serde_json::json;

use super::{About, code, hexed};
use crate::generator::file::Vector;
use crate::generator::{Made, VectorRng};
use crate::naive::keys::{Private, clamp, public_of, raw};
use crate::naive::records::provisioning::{LinkCode, Provision, keys, open, seal};

/// Both devices, and what the old one has to say.
struct Pair {
    new_private: Private,
    old_private: Private,
    code: LinkCode,
    provision: Provision,
}

fn pair() -> Pair {
    let mut rng = VectorRng::of("records/provisioning");
    let (new_private, old_private) = (clamp(rng.bytes()), clamp(rng.bytes()));
    let new_public = raw(&public_of(&new_private));
    let code = LinkCode { slot_id: rng.bytes(), new_public, secret: rng.bytes() };
    let provision = Provision {
        identity_private: clamp(rng.bytes()),
        account_id: rng.bytes(),
        device_id: 2,
        link_token: b"clt_4Zb0nV7cQ0m2s1".to_vec(),
    };
    Pair { new_private, old_private, code, provision }
}

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let Pair { new_private, old_private, code: link, provision } = pair();
    let about = About::new("provisioning/envelope", "sealed and opened", &[], &[]);
    let input = json!({
        "slot_id": hexed(link.slot_id), "new_private": hexed(new_private),
        "secret": hexed(link.secret), "old_private": hexed(old_private),
        "identity_private": hexed(provision.identity_private),
        "account_id": hexed(provision.account_id), "device_id": provision.device_id,
        "link_token": String::from_utf8_lossy(&provision.link_token),
    });
    let old_public = raw(&public_of(&old_private));
    let (Ok(keys), Ok(envelope)) = (
        keys(&old_private, &link.new_public, &link, &old_public),
        seal(&link, &old_private, &provision.encode()),
    ) else {
        return Err(crate::generator::Unexpected("an honest envelope".to_owned()));
    };
    code(about.id, open(&new_private, &link, &envelope), None)?;
    let output = json!({
        "new_public": hexed(link.new_public), "code": link.text(),
        "agreement": hexed(keys.agreement), "key": hexed(keys.key),
        "associated_data": hexed(keys.associated_data), "provision": hexed(provision.encode()),
        "envelope": hexed(&envelope),
    });
    let mut made = vec![about.vector("provisioning envelope", input, output)];
    made.extend(envelopes(&envelope)?);
    made.extend(codes()?);
    Ok(made)
}

/// Envelopes that are refused.
fn envelopes(good: &[u8]) -> Made<Vec<Vector>> {
    let Pair { new_private, old_private, code: link, provision } = pair();
    let forged = |id, comment| About::new(id, comment, &[], &["Forged"]);
    let malformed = |id, comment| About::new(id, comment, &[], &["NotCanonical"]);
    let sealed =
        |link: &LinkCode, plaintext: &[u8]| seal(link, &old_private, plaintext).unwrap_or_default();
    let plaintext = provision.encode();
    let altered = |at: usize, byte: u8| {
        let mut plaintext = plaintext.clone();
        plaintext[at] = byte;
        sealed(&link, &plaintext)
    };
    let invalid = "invalid_message";
    let other_secret = LinkCode { secret: [0; 16], ..link.clone() };
    let mut other_slot = link.clone();
    other_slot.slot_id[0] ^= 1;
    let flipped = |at: usize| {
        let mut envelope = good.to_vec();
        envelope[at] ^= 1;
        envelope
    };
    let with_key = |key: [u8; 32]| [&key[..], &good[32..]].concat();
    let cases = [
        (
            forged("provisioning/other-secret", "sealed without the secret"),
            sealed(&other_secret, &plaintext),
            invalid,
        ),
        (
            forged("provisioning/other-slot", "sealed for another slot"),
            sealed(&other_slot, &plaintext),
            invalid,
        ),
        (forged("provisioning/key-altered", "another public key"), flipped(0), invalid),
        (forged("provisioning/text-altered", "altered ciphertext"), flipped(40), invalid),
        (forged("provisioning/tag-altered", "altered tag"), flipped(good.len() - 1), invalid),
        (
            About::new("provisioning/zero-key", "a key of small order", &[], &["SmallOrder"]),
            with_key([0; 32]),
            "bad_agreement",
        ),
        (
            malformed("provisioning/key-not-canonical", "a key that is not canonical"),
            with_key([0xff; 32]),
            "bad_key",
        ),
        (
            malformed("provisioning/47-bytes", "no room for key and tag"),
            good[..47].to_vec(),
            "too_short",
        ),
        (
            malformed("provisioning/not-clamped", "an identity key that is not clamped"),
            altered(0, plaintext[0] | 1),
            "malformed",
        ),
        (malformed("provisioning/device-0", "device id 0"), altered(48, 0), "malformed"),
        (
            malformed("provisioning/token-too-long", "a token longer than the rest"),
            altered(50, plaintext[50] + 1),
            "malformed",
        ),
        (
            malformed("provisioning/token-too-short", "a byte after the token"),
            altered(50, plaintext[50] - 1),
            "malformed",
        ),
        (
            malformed("provisioning/token-not-utf-8", "a token that is not UTF-8"),
            altered(51, 0xff),
            "malformed",
        ),
    ];
    cases
        .into_iter()
        .map(|(about, envelope, expected)| {
            let code = code(about.id, open(&new_private, &link, &envelope), Some(expected))?;
            let input = json!({
                "slot_id": hexed(link.slot_id), "new_private": hexed(new_private),
                "secret": hexed(link.secret), "envelope": hexed(envelope),
            });
            Ok(about.vector("provisioning opening", input, json!({ "code": code })))
        })
        .collect()
}

/// Texts that are refused.
fn codes() -> Made<Vec<Vector>> {
    let about = |id, comment| About::new(id, comment, &[], &["NotCanonical"]);
    let link = pair().code;
    let text = link.text();
    let not_canonical = LinkCode { new_public: [0xff; 32], ..link };
    let cases = [
        (
            about("link-code/other-version", "version 2"),
            text.replace(":1:", ":2:"),
            "unknown_version",
        ),
        (about("link-code/nothing", "an empty text"), String::new(), "unknown_version"),
        (
            about("link-code/cut", "a character less"),
            text[..text.len() - 1].to_owned(),
            "malformed",
        ),
        (about("link-code/padded", "with padding"), format!("{text}=="), "malformed"),
        (about("link-code/line-feed", "a line feed at the end"), format!("{text}\n"), "malformed"),
        (about("link-code/longer", "three bytes more"), format!("{text}AAAA"), "malformed"),
        (
            about("link-code/spare-bits", "bits beyond the last byte"),
            spare_bits(&text),
            "malformed",
        ),
        (
            about("link-code/plain-base64", "a plus for a minus"),
            format!("{}+{}", &text[..40], &text[41..]),
            "malformed",
        ),
        (
            about("link-code/key-not-canonical", "a key that is not canonical"),
            not_canonical.text(),
            "bad_key",
        ),
    ];
    cases
        .into_iter()
        .map(|(about, text, expected)| {
            let code = code(about.id, LinkCode::parse(&text), Some(expected))?;
            Ok(about.vector("link code reading", json!({ "text": text }), json!({ "code": code })))
        })
        .collect()
}

/// The next character in place of the last one, of which only two bits count.
fn spare_bits(text: &str) -> String {
    let (head, last) = text.split_at(text.len() - 1);
    format!("{head}{}", char::from(last.as_bytes()[0] + 1))
}
