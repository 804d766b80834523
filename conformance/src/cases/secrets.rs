//! Cases of secrets that must be gone, or must never show. Spec: `spec/secrets.md`.

mod details;
mod exports;

use crate::{
    case::{Case, Failure, Outcome, Severity::Security},
    subject::types::Suite,
};

const V3: &[&str] = &["signal-v3/1", "state.export"];
const V3_RNG: &[&str] = &["signal-v3/1", "state.export", "rng.inject"];
const NATIVE: &[&str] = &["ratchet-chacha20/1", "state.export"];
const NATIVE_RNG: &[&str] = &["ratchet-chacha20/1", "state.export", "rng.inject"];

/// The cases of this chapter.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    Case::live("secrets/export/used-chain-keys-and-seeds@signal-v3", &["SECRET-1"], V3, Security, |run| exports::used_keys(run, Suite::SignalV3)),
    Case::live("secrets/export/used-chain-keys-and-seeds@ratchet-chacha20", &["SECRET-1"], NATIVE, Security, |run| exports::used_keys(run, Suite::RatchetChacha20)),
    Case::live("secrets/export/root-keys-of-earlier-steps@signal-v3", &["SECRET-2"], V3, Security, |run| exports::root_keys(run, Suite::SignalV3)),
    Case::live("secrets/export/root-keys-of-earlier-steps@ratchet-chacha20", &["SECRET-2"], NATIVE, Security, |run| exports::root_keys(run, Suite::RatchetChacha20)),
    Case::live("secrets/export/ratchet-keys-of-earlier-steps@signal-v3", &["SECRET-2"], V3_RNG, Security, |run| exports::ratchet_keys(run, Suite::SignalV3)),
    Case::live("secrets/export/ratchet-keys-of-earlier-steps@ratchet-chacha20", &["SECRET-2"], NATIVE_RNG, Security, |run| exports::ratchet_keys(run, Suite::RatchetChacha20)),
    Case::live("secrets/export/prekeys@signal-v3", &["SECRET-2", "SECRET-3"], V3, Security, |run| exports::prekeys(run, Suite::SignalV3)),
    Case::live("secrets/export/prekeys@ratchet-chacha20", &["SECRET-2", "SECRET-3"], NATIVE, Security, |run| exports::prekeys(run, Suite::RatchetChacha20)),
    Case::live("secrets/detail/sessions@signal-v3", &["SECRET-4"], &["signal-v3/1"], Security, |run| details::sessions(run, Suite::SignalV3)),
    Case::live("secrets/detail/sessions@ratchet-chacha20", &["SECRET-4"], &["ratchet-chacha20/1"], Security, |run| details::sessions(run, Suite::RatchetChacha20)),
    Case::live("secrets/detail/bad-padding", &["SECRET-4"], &["signal-v3/1"], Security, details::bad_padding),
    Case::live("secrets/detail/bad-padding-in-groups", &["SECRET-4"], &["sender-key-v3/1"], Security, details::bad_padding_in_groups),
    Case::live("secrets/detail/boxes", &["SECRET-4"], &["box-xchacha20/1"], Security, details::boxes),
    Case::live("secrets/detail/imports", &["SECRET-4"], V3, Security, details::imports),
];

/// The forms in which a secret may stand in a text or a state.
fn forms(secret: &[u8]) -> [Vec<u8>; 4] {
    let lower = hex::encode(secret).into_bytes();
    let upper = hex::encode_upper(secret).into_bytes();
    [secret.to_vec(), lower, upper, base64(secret)]
}

/// The whole groups of three bytes in the usual alphabet: the same with and without padding.
fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks_exact(3);
    let numbers =
        groups.map(|group| group.iter().fold(0_usize, |n, byte| n << 8 | usize::from(*byte)));
    let digits = numbers.flat_map(|number| [18, 12, 6, 0].map(|shift| number >> shift & 63));
    digits.filter_map(|digit| ALPHABET.get(digit).copied()).collect()
}

/// A secret must not stand in these bytes, in none of its forms.
fn expect_absent(place: &str, bytes: &[u8], what: &str, secret: &[u8]) -> Outcome {
    let found = forms(secret)
        .iter()
        .any(|form| bytes.windows(form.len().max(1)).any(|window| window == form.as_slice()));
    if found {
        let actual = format!("it contains {}", hex::encode(secret));
        return Err(Failure::new(place, format!("does not contain {what}"), actual).into());
    }
    Ok(())
}
