//! Registrations, device logins, and the digests of published prekeys.

use serde_json::{Value, json};

use super::{About, NOW, code, hexed};
use crate::generator::file::Vector;
use crate::generator::{Made, VectorRng};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::{Private, clamp, public_of};
use crate::naive::records::malleable;
use crate::naive::records::statements::{
    DeviceLogin, Prekey, Registration, SuitePrekeys, keys_check, keys_digest,
};

const RANDOM: [u8; 64] = [0x5a; 64];

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut made = registrations();
    made.push(login());
    made.push(check());
    made.extend(verification()?);
    Ok(made)
}

fn prekey(rng: &mut VectorRng, id: u32, signed: bool) -> Prekey {
    let public = public_of(&clamp(rng.bytes()));
    Prekey { id, public, signature: signed.then(|| rng.bytes()) }
}

fn prekey_value(prekey: &Prekey) -> Value {
    json!({
        "id": prekey.id, "public": hexed(prekey.public), "signature": prekey.signature.map(hexed)
    })
}

/// Prekeys of both pairwise suites; those of the native one are all signed.
fn published(rng: &mut VectorRng) -> Vec<SuitePrekeys> {
    [(0x0303, false), (0x0311, true)]
        .into_iter()
        .map(|(suite, signed)| SuitePrekeys {
            suite,
            signed_prekey: prekey(rng, 7, true),
            one_time_prekeys: (1..=3).map(|id| prekey(rng, id, signed)).collect(),
        })
        .collect()
}

fn statement(rng: &mut VectorRng, identity: &Private, keys_digest: [u8; 32]) -> Registration {
    Registration {
        account_id: rng.bytes(),
        device_id: 2,
        incarnation: rng.bytes(),
        registration_id: 1002,
        identity_key: public_of(identity),
        keys_digest,
        nonce: rng.bytes(),
        timestamp_ms: NOW,
    }
}

fn registrations() -> Vec<Vector> {
    let about = |id, comment| About::new(id, comment, &["KEYS-1"], &[]);
    let abouts = [
        about("registration/both-suites", "prekeys of both suites"),
        about("registration/one-suite", "prekeys of one suite, none of them one-time"),
        about(
            "registration/suites-in-any-order",
            "the digest has the suites in order all the same",
        ),
    ];
    let vector = |(number, about): (usize, About)| {
        let mut rng = VectorRng::of(&format!("records/{}", about.id));
        let identity = clamp(rng.bytes());
        let mut prekeys = published(&mut rng);
        match number {
            1 => {
                prekeys.truncate(1);
                prekeys[0].one_time_prekeys.clear();
            }
            2 => prekeys.reverse(),
            _ => {}
        }
        let statement = statement(&mut rng, &identity, keys_digest(&prekeys));
        let input = json!({
            "account_id": hexed(statement.account_id), "device_id": statement.device_id,
            "incarnation": hexed(statement.incarnation),
            "registration_id": statement.registration_id, "identity_private": hexed(identity),
            "prekeys": prekeys.iter().map(suite_value).collect::<Vec<_>>(),
            "nonce": hexed(statement.nonce), "timestamp": statement.timestamp_ms,
            "random": hexed(RANDOM),
        });
        let output = json!({
            "keys_digest": hexed(statement.keys_digest), "statement": hexed(statement.encode()),
            "signature": hexed(statement.sign(&identity, &RANDOM)),
        });
        about.vector("registration statement", input, output)
    };
    abouts.into_iter().enumerate().map(vector).collect()
}

fn suite_value(prekeys: &SuitePrekeys) -> Value {
    json!({
        "suite": prekeys.suite, "signed_prekey": prekey_value(&prekeys.signed_prekey),
        "one_time_prekeys": prekeys.one_time_prekeys.iter().map(prekey_value).collect::<Vec<_>>(),
    })
}

fn login() -> Vector {
    let about = About::new("device-login/1", "a login as device 2", &["AUTH-12"], &[]);
    let mut rng = VectorRng::of("records/device-login/1");
    let identity = clamp(rng.bytes());
    let statement = DeviceLogin {
        account_id: rng.bytes(),
        device_id: 2,
        incarnation: rng.bytes(),
        nonce: rng.bytes(),
        timestamp_ms: NOW,
    };
    let input = json!({
        "account_id": hexed(statement.account_id), "device_id": statement.device_id,
        "incarnation": hexed(statement.incarnation), "identity_private": hexed(identity),
        "nonce": hexed(statement.nonce), "timestamp": statement.timestamp_ms,
        "random": hexed(RANDOM),
    });
    let output = json!({
        "statement": hexed(statement.encode()),
        "signature": hexed(statement.sign(&identity, &RANDOM)),
    });
    about.vector("device login statement", input, output)
}

fn check() -> Vector {
    let about = About::new("keys-check/1", "what a device believes", &["KEYS-14"], &[]);
    let mut rng = VectorRng::of("records/keys-check/1");
    let identity_key = public_of(&clamp(rng.bytes()));
    let signed = prekey(&mut rng, 0x0102_0304, true);
    let input = json!({
        "identity_key": hexed(identity_key), "suite": 0x0311,
        "signed_prekey": prekey_value(&signed),
    });
    let output = json!({ "hash": hexed(keys_check(&identity_key, 0x0311, &signed)) });
    about.vector("keys check", input, output)
}

/// A signature presented for a statement.
fn verification() -> Made<Vec<Vector>> {
    let mut rng = VectorRng::of("records/registration/verification");
    let identity = clamp(rng.bytes());
    let good = statement(&mut rng, &identity, [0x11; 32]);
    let signature = good.sign(&identity, &RANDOM);
    let changed = |change: fn(&mut Registration)| {
        let mut statement = good.clone();
        change(&mut statement);
        statement
    };
    let login = DeviceLogin {
        account_id: good.account_id,
        device_id: good.device_id,
        incarnation: good.incarnation,
        nonce: good.nonce,
        timestamp_ms: good.timestamp_ms,
    };
    let mut sign_bit = signature;
    sign_bit[63] |= 0x80;
    let refused = Some("bad_signature");
    let about = |id, comment, notes| About::new(id, comment, &["KEYS-1"], notes);
    [
        (about("registration/verified", "the signature fits", &[]), good.clone(), signature, None),
        (
            about("registration/s-plus-q", "s + q in place of s", &["MalleableSignature"]),
            good.clone(),
            malleable(&signature),
            refused,
        ),
        (
            about("registration/sign-bit", "bit 7 of byte 63 set", &["MalleableSignature"]),
            good.clone(),
            sign_bit,
            refused,
        ),
        (
            about("registration/other-account", "for another account", &["Forged"]),
            changed(|s| s.account_id[0] ^= 1),
            signature,
            refused,
        ),
        (
            about("registration/other-device", "for another device", &["Forged"]),
            changed(|s| s.device_id = 3),
            signature,
            refused,
        ),
        (
            about("registration/other-incarnation", "for another incarnation", &["Forged"]),
            changed(|s| s.incarnation[0] ^= 1),
            signature,
            refused,
        ),
        (
            about(
                "registration/other-registration-id",
                "with another registration id",
                &["Forged"],
            ),
            changed(|s| s.registration_id += 1),
            signature,
            refused,
        ),
        (
            about("registration/other-keys", "with other prekeys", &["Forged"]),
            changed(|s| s.keys_digest[0] ^= 1),
            signature,
            refused,
        ),
        (
            about("registration/other-nonce", "under another nonce", &["Forged"]),
            changed(|s| s.nonce[0] ^= 1),
            signature,
            refused,
        ),
        (
            about("registration/other-time", "at another time", &["Forged"]),
            changed(|s| s.timestamp_ms += 1),
            signature,
            refused,
        ),
        (
            about("registration/signed-login", "the signature of a login", &["Forged"]),
            good.clone(),
            login.sign(&identity, &RANDOM),
            refused,
        ),
    ]
    .into_iter()
    .map(|(about, statement, signature, expected)| {
        let code = code(about.id, verified(&statement, &signature), expected)?;
        let input = json!({
            "account_id": hexed(statement.account_id), "device_id": statement.device_id,
            "incarnation": hexed(statement.incarnation),
            "registration_id": statement.registration_id,
            "identity_key": hexed(statement.identity_key),
            "keys_digest": hexed(statement.keys_digest), "nonce": hexed(statement.nonce),
            "timestamp": statement.timestamp_ms, "signature": hexed(signature),
        });
        Ok(about.vector("registration verification", input, json!({ "code": code })))
    })
    .collect()
}

fn verified(statement: &Registration, signature: &[u8]) -> Outcome<()> {
    if statement.verifies(signature) {
        Ok(())
    } else {
        Err(Fault::new(Code::BadSignature, "statement"))
    }
}
