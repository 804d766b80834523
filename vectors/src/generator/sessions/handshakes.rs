//! Prekeys, identity keys, and first messages that come again.

use serde_json::json;

use super::scenario;
use crate::generator::Made;
use crate::generator::file::Vector;
use crate::generator::scenario::{COMPATIBLE, NATIVE, NOW_MS, STRICT, Scenario};

pub(super) fn prekeys(suite: &str) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let signal = suite == "signal-v3";
    let (deleted, signed, one_time) = if signal {
        ("PREKEY-4", "PREKEY-6", "PREKEY-7")
    } else {
        ("NATIVE-22", "NATIVE-23", "NATIVE-23")
    };
    let both = if signal { "PREKEY-8" } else { "NATIVE-23" };
    let comment = "the one-time prekey is gone after its first use";
    let mut v = scenario(suite, "one-time-prekey-used", &[deleted], "Prekeys", comment);
    v.introduced(suite, true)?;
    let args = |v: &Scenario| Ok(json!({ "party": "bob", "peer": v.address("alice")? }));
    let first = v.encrypt("alice", "bob", "first")?;
    v.decrypt("bob", "alice", &first, "first")?;
    v.ok("party.prekeys", json!({ "party": "bob" }), 0)?;
    let peer = args(&v)?;
    v.ok("session.delete", peer, 0)?;
    v.decrypt_refused("bob", "alice", &first, "unknown_prekey")?;
    made.push(v.done());

    for (slug, kinds, requirement, code) in [
        ("signed-prekey-unknown", &["signed"][..], signed, "unknown_signed_prekey"),
        ("one-time-prekey-unknown", &["one_time"][..], one_time, "unknown_prekey"),
        ("both-prekeys-unknown", &["signed", "one_time"][..], both, "unknown_signed_prekey"),
    ] {
        let mut v = scenario(suite, slug, &[requirement], "Prekeys", "a prekey that was removed");
        v.introduced(suite, true)?;
        let first = v.encrypt("alice", "bob", "first")?;
        v.signed_prekey("bob", 2, NOW_MS + 1)?;
        for kind in kinds {
            let id = if *kind == "signed" { 1 } else { 11 };
            v.ok("party.remove_prekey", json!({ "party": "bob", "kind": kind, "id": id }), 0)?;
        }
        v.decrypt_refused("bob", "alice", &first, code)?;
        made.push(v.done());
    }

    let comment = "a signed prekey that is not the newest is still good";
    let requirement = if signal { "PREKEY-9" } else { "NATIVE-23" };
    let mut v = scenario(suite, "older-signed-prekey", &[requirement], "Prekeys", comment);
    v.introduced(suite, true)?;
    v.signed_prekey("bob", 2, NOW_MS + 1)?;
    v.deliver("alice", "bob", "to the older one")?;
    made.push(v.done());

    let (requirement, unchanged) =
        if signal { ("PREKEY-2", "PREKEY-10") } else { ("NATIVE-3", "PREKEY-10") };
    let comment = "a bundle whose signed prekey signature was altered; the old session goes on";
    let mut v =
        scenario(suite, "bundle-bad-signature", &[requirement, unchanged], "Prekeys", comment);
    v.acquainted(suite)?;
    let mut bundle = v.bundle("bob", 1, None)?;
    let signature = bundle["signed_prekey"]["signature"].as_str().unwrap_or_default().to_owned();
    let mut bytes = hex::decode(signature).unwrap_or_default();
    bytes[1] ^= 1;
    bundle["signed_prekey"]["signature"] = json!(hex::encode(bytes));
    v.initiate_refused("alice", "bob", &bundle, "bad_signature")?;
    v.deliver("alice", "bob", "goes on")?;
    made.push(v.done());
    Ok(made)
}

pub(super) fn identities(suite: &str) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let comment = "another identity in a first message is refused until it is trusted";
    let mut v =
        scenario(suite, "identity-changed-message", &["IDENTITY-13"], "IdentityChange", comment);
    v.acquainted(suite)?;
    let name = v.address("alice")?["name"].as_str().unwrap_or_default().to_owned();
    let identity = v.rng.bytes();
    v.party_as("mallory", suite, COMPATIBLE, (&name, 1), &identity)?;
    v.one_time_prekey("bob", 12)?;
    let bundle = v.bundle("bob", 1, Some(12))?;
    v.initiate("mallory", "bob", &bundle)?;
    let sent = v.encrypt("mallory", "bob", "it is me")?;
    v.decrypt_refused("bob", "mallory", &sent, "untrusted_identity")?;
    let key = hex::encode(v.naive("mallory")?.identity.public);
    let args = json!({ "party": "bob", "peer": v.address("mallory")?, "identity_key": key });
    v.ok("party.trust", args, 0)?;
    v.decrypt("bob", "mallory", &sent, "it is me")?;
    made.push(v.done());

    let comment =
        "another identity in a bundle, with a bad signature besides: trust is checked first";
    let requirements = ["IDENTITY-13", "PREKEY-3"];
    let mut v =
        scenario(suite, "identity-changed-bundle", &requirements, "IdentityChange", comment);
    v.acquainted(suite)?;
    let mut bundle = v.bundle("bob", 1, None)?;
    bundle["identity_key"] = json!(hex::encode(crate::naive::keys::public_of(&v.rng.bytes())));
    v.initiate_refused("alice", "bob", &bundle, "untrusted_identity")?;
    made.push(v.done());
    Ok(made)
}

/// First messages without one-time prekey after their session is gone.
pub(super) fn replays() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let cases = [
        ("signal-v3", COMPATIBLE, "HANDSHAKE-11", None),
        ("signal-v3", STRICT, "HANDSHAKE-10", Some("handshake_replayed")),
        ("ratchet-chacha20", NATIVE, "NATIVE-20", Some("handshake_replayed")),
    ];
    for (suite, profile, requirement, code) in cases {
        let id = format!("session/replayed-handshake@{suite}-{profile}");
        let comment = "a first message without one-time prekey, again after its session is gone";
        let mut v = Scenario::new(&id, profile, &[requirement], comment);
        v.note("Replay");
        v.introduced(suite, false)?;
        let first = v.encrypt("alice", "bob", "first")?;
        v.decrypt("bob", "alice", &first, "first")?;
        let args = json!({ "party": "bob", "peer": v.address("alice")? });
        v.ok("session.delete", args, 0)?;
        match code {
            None => v.decrypt("bob", "alice", &first, "first")?,
            Some(code) => v.decrypt_refused("bob", "alice", &first, code)?,
        }
        made.push(v.done());
    }
    Ok(made)
}
