//! Cases of the identity chapter: XEdDSA and trust. Spec: `spec/identity.md`.

pub(super) mod signing;
mod trust;
pub(super) mod verifying;

use crate::{
    case::{
        Case,
        Severity::{Interop, Security},
    },
    subject::types::Suite,
};

const XEDDSA: &[&str] = &["xeddsa/1", "keys/1"];
const XEDDSA_RNG: &[&str] = &["xeddsa/1", "rng.inject"];
const XEDDSA_COMPATIBLE: &[&str] = &["xeddsa/1", "keys/1", "profile.compatible"];
const XEDDSA_STRICT: &[&str] = &["xeddsa/1", "keys/1", "profile.strict"];
const PAPER: &[&str] = &["xeddsa/1", "ratchet-chacha20/1"];
const PAPER_RNG: &[&str] = &["xeddsa/1", "ratchet-chacha20/1", "rng.inject"];
const V3: &[&str] = &["signal-v3/1"];
const V3_STRICT: &[&str] = &["signal-v3/1", "profile.strict"];
const NATIVE: &[&str] = &["ratchet-chacha20/1"];

/// The cases of this chapter.
pub const CASES: &[Case] = &[
    Case::live(
        "identity/sign/exact-bytes",
        &["IDENTITY-1", "IDENTITY-2"],
        XEDDSA_RNG,
        Interop,
        signing::exact_bytes,
    ),
    Case::live(
        "identity/sign/randomness-counts",
        &["IDENTITY-1"],
        XEDDSA,
        Security,
        signing::randomness_counts,
    ),
    Case::live("identity/sign/sign-bit", &["IDENTITY-2"], XEDDSA, Interop, signing::sign_bit),
    Case::live(
        "identity/sign/paper-rule-negates",
        &["IDENTITY-11"],
        PAPER,
        Interop,
        signing::paper_rule_negates,
    ),
    Case::live(
        "identity/sign/paper-exact-bytes",
        &["IDENTITY-1", "IDENTITY-11"],
        PAPER_RNG,
        Interop,
        signing::paper_exact_bytes,
    ),
    Case::live(
        "identity/verify/both-signs",
        &["IDENTITY-3"],
        XEDDSA,
        Interop,
        verifying::both_signs,
    ),
    Case::live(
        "identity/verify/other-length",
        &["IDENTITY-4"],
        XEDDSA,
        Security,
        verifying::other_length,
    ),
    Case::live(
        "identity/verify/top-bits-of-s",
        &["IDENTITY-5"],
        XEDDSA,
        Security,
        verifying::top_bits_of_s,
    ),
    Case::live(
        "identity/verify/s-plus-q-accepted",
        &["IDENTITY-6"],
        XEDDSA_COMPATIBLE,
        Interop,
        verifying::s_plus_q_accepted,
    ),
    Case::live(
        "identity/verify/s-plus-q-refused",
        &["IDENTITY-7"],
        XEDDSA_STRICT,
        Security,
        verifying::s_plus_q_refused,
    ),
    Case::live(
        "identity/verify/s-plus-q-in-a-bundle",
        &["IDENTITY-7", "PREKEY-2"],
        V3_STRICT,
        Security,
        trust::s_plus_q_in_a_bundle,
    ),
    Case::live(
        "identity/verify/no-edwards-point",
        &["IDENTITY-8"],
        XEDDSA,
        Security,
        verifying::no_edwards_point,
    ),
    Case::live(
        "identity/verify/negated-commitment",
        &["IDENTITY-9"],
        XEDDSA,
        Security,
        verifying::negated_commitment,
    ),
    Case::live(
        "identity/verify/does-not-fit",
        &["IDENTITY-9"],
        XEDDSA,
        Security,
        verifying::does_not_fit,
    ),
    Case::live(
        "identity/verify/small-order-key",
        &["IDENTITY-10"],
        XEDDSA_STRICT,
        Security,
        verifying::small_order_key,
    ),
    Case::live(
        "identity/verify/paper-sign-bit-refused",
        &["IDENTITY-12"],
        PAPER,
        Security,
        verifying::paper_sign_bit_refused,
    ),
    Case::live(
        "identity/trust/other-key-in-a-prekey-message",
        &["IDENTITY-13"],
        V3,
        Security,
        trust::other_key_in_a_prekey_message,
    ),
    Case::live("identity/trust/other-key-in-a-bundle", &["IDENTITY-13"], V3, Security, |run| {
        trust::other_key_in_a_bundle(run, Suite::SignalV3)
    }),
    Case::live(
        "identity/trust/other-key-in-a-bundle@ratchet-chacha20",
        &["IDENTITY-13"],
        NATIVE,
        Security,
        |run| trust::other_key_in_a_bundle(run, Suite::RatchetChacha20),
    ),
    Case::live("identity/trust/sessions-of-the-old-key", &["IDENTITY-13"], V3, Security, |run| {
        trust::sessions_of_the_old_key(run, Suite::SignalV3)
    }),
    Case::live(
        "identity/trust/sessions-of-the-old-key@ratchet-chacha20",
        &["IDENTITY-13"],
        NATIVE,
        Security,
        |run| trust::sessions_of_the_old_key(run, Suite::RatchetChacha20),
    ),
    Case::live(
        "identity/trust/refused-prekey-message-pins-nothing",
        &["IDENTITY-14"],
        V3,
        Security,
        trust::refused_prekey_message_pins_nothing,
    ),
    Case::live(
        "identity/trust/refused-bundle-pins-nothing",
        &["IDENTITY-14"],
        V3,
        Security,
        trust::refused_bundle_pins_nothing,
    ),
];
