//! The vectors of single derivations, `vectors/derivations.json`: what the tests of each module replay them with.

use serde_json::Value;

use crate::keys::{PrivateKey, PublicKey};
use crate::profile::Profile;

/// Every function that the file holds, each replayed by a test of the module that carries it out.
const FUNCTIONS: &[&str] = &[
    "chain step",
    "ratchet-chacha20 handshake",
    "ratchet-chacha20 message keys",
    "ratchet-chacha20 ratchet step",
    "ratchet-chacha20 root step",
    "sender-key-v3 message keys",
    "signal-v3 MAC",
    "signal-v3 body",
    "signal-v3 handshake",
    "signal-v3 message keys",
    "signal-v3 ratchet step",
    "signal-v3 root step",
];

/// What a derivation takes in.
pub(crate) struct Input<'a>(&'a Value);

impl Input<'_> {
    /// Bytes of any length.
    pub(crate) fn bytes(&self, key: &str) -> Vec<u8> {
        self.optional(key).unwrap_or_else(|| panic!("no {key}"))
    }

    /// Exactly `N` bytes.
    pub(crate) fn array<const N: usize>(&self, key: &str) -> [u8; N] {
        self.bytes(key).try_into().unwrap()
    }

    /// A private key, clamped.
    pub(crate) fn private(&self, key: &str) -> PrivateKey {
        PrivateKey::from_bytes(self.array(key))
    }

    /// A private key that need not be there.
    pub(crate) fn optional_private(&self, key: &str) -> Option<PrivateKey> {
        self.optional(key).map(|bytes| PrivateKey::from_bytes(bytes.try_into().unwrap()))
    }

    /// A public key in its 33 bytes.
    pub(crate) fn public(&self, key: &str) -> PublicKey {
        PublicKey::decode(&self.bytes(key), Profile::Strict).unwrap()
    }

    /// A number that need not be there.
    pub(crate) fn number(&self, key: &str) -> Option<u32> {
        self.0[key].as_u64().map(|number| u32::try_from(number).unwrap())
    }

    fn optional(&self, key: &str) -> Option<Vec<u8>> {
        self.0[key].as_str().map(|hex| hex::decode(hex).unwrap())
    }
}

/// What a derivation gives, by the names of the vectors.
pub(crate) type Output = Vec<(&'static str, Vec<u8>)>;

/// Carries out all derivations of one function and compares every value; `beside` are those that the code never holds.
pub(crate) fn replay(function: &str, beside: &[&str], derive: impl Fn(&Input<'_>) -> Output) {
    let file = file();
    let vectors = file["vectors"].as_array().unwrap();
    let mut replayed = 0;
    for vector in vectors.iter().filter(|vector| vector["function"] == function) {
        let place = format!("{}: {}", vector["id"], vector["comment"]);
        let output = vector["output"].as_object().unwrap();
        let derived = derive(&Input(&vector["input"]));
        for (key, value) in &derived {
            assert_eq!(output[*key], hex::encode(value), "{place}: {key}");
        }
        let seen =
            |key: &str| beside.contains(&key) || derived.iter().any(|(name, _)| *name == key);
        let unseen: Vec<_> =
            output.iter().filter(|(key, value)| !seen(key) && !value.is_null()).collect();
        assert!(unseen.is_empty(), "{place}: nobody computes {unseen:?}");
        replayed += 1;
    }
    assert!(replayed > 0, "no vector of {function}");
}

fn file() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/derivations.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_function_is_replayed_somewhere() {
    let file = file();
    for vector in file["vectors"].as_array().unwrap() {
        let function = vector["function"].as_str().unwrap();
        assert!(FUNCTIONS.contains(&function), "{}: no test replays {function}", vector["id"]);
    }
}
