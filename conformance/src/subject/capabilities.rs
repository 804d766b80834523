//! The registry of capabilities: what a subject can claim, and what a claim obliges to.

use serde_json::Value;

/// All of them.
pub const CAPABILITIES: &[&str] = &[
    "signal-v3/1",
    "ratchet-chacha20/1",
    "sender-key-v3/1",
    "box-xsalsa20/1",
    "box-xchacha20/1",
    "xeddsa/1",
    "keys/1",
    "fingerprint/1",
    "profile.compatible",
    "profile.strict",
    "rng.inject",
    "clock.inject",
    "state.fingerprint",
    "state.fork",
    "state.export",
];

/// Which capabilities stand for a request. Any one that is declared obliges. ADAPTER-5.
pub(crate) fn obliging(op: &str, args: &Value) -> &'static [&'static str] {
    const PAIRWISE: &[&str] = &["signal-v3/1", "ratchet-chacha20/1"];
    const ANY_PARTY: &[&str] = &["signal-v3/1", "ratchet-chacha20/1", "sender-key-v3/1"];
    let suite = args.get("suite").and_then(Value::as_str);
    match (op, suite) {
        ("rng.load", _) => &["rng.inject"],
        ("party.clone", _) => &["state.fork"],
        ("party.fingerprint", _) => &["state.fingerprint"],
        ("session.export" | "session.import", _) => &["state.export"],
        ("party.create", Some("signal-v3")) => &["signal-v3/1", "sender-key-v3/1"],
        ("party.create", Some("ratchet-chacha20")) => &["ratchet-chacha20/1"],
        ("party.trust" | "handle.free", _) => ANY_PARTY,
        (_, Some("box-xsalsa20")) => &["box-xsalsa20/1"],
        ("box.seal_message" | "box.open_message", _) | (_, Some("box-xchacha20")) => {
            &["box-xchacha20/1"]
        }
        _ => match op.split('.').next() {
            Some("key") => &["keys/1"],
            Some("xeddsa") => &["xeddsa/1"],
            Some("fingerprint") => &["fingerprint/1"],
            Some("group") => &["sender-key-v3/1"],
            Some("party" | "session") => PAIRWISE,
            _ => &[],
        },
    }
}
