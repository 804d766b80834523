//! Cases of the primitives chapter: keys, agreement, padding. Spec: `spec/primitives.md`.

mod agreement;
mod decoding;
mod padding;

use crate::case::{
    Case,
    Severity::{Interop, Security, Spec},
};

const KEYS: &[&str] = &["keys/1"];
const KEYS_XEDDSA: &[&str] = &["keys/1", "xeddsa/1"];
const KEYS_COMPATIBLE: &[&str] = &["keys/1", "profile.compatible"];
const KEYS_STRICT: &[&str] = &["keys/1", "profile.strict"];
const V3: &[&str] = &["signal-v3/1"];
const V3_COMPATIBLE: &[&str] = &["signal-v3/1", "profile.compatible"];
const V3_STRICT: &[&str] = &["signal-v3/1", "profile.strict"];

/// The cases of this chapter.
pub const CASES: &[Case] = &[
    Case::live(
        "primitives/private-key/clamped-when-taken-in",
        &["PRIM-1"],
        KEYS_XEDDSA,
        Interop,
        agreement::clamped_when_taken_in,
    ),
    Case::live(
        "primitives/private-key/identity-and-prekeys-clamped",
        &["PRIM-1"],
        V3,
        Interop,
        agreement::identity_and_prekeys_clamped,
    ),
    Case::live(
        "primitives/agreement/top-bit-ignored",
        &["PRIM-2"],
        KEYS_COMPATIBLE,
        Interop,
        agreement::top_bit_ignored,
    ),
    Case::live(
        "primitives/agreement/zero-refused",
        &["PRIM-3"],
        KEYS_STRICT,
        Security,
        agreement::zero_refused,
    ),
    Case::live(
        "primitives/agreement/zero-refused-in-a-handshake",
        &["PRIM-3"],
        V3_STRICT,
        Security,
        agreement::zero_refused_in_a_handshake,
    ),
    Case::live(
        "primitives/agreement/zero-refused-in-a-bundle",
        &["PRIM-3"],
        V3_STRICT,
        Security,
        agreement::zero_refused_in_a_bundle,
    ),
    Case::live(
        "primitives/agreement/zero-refused-in-a-ratchet-step",
        &["PRIM-3"],
        V3_STRICT,
        Security,
        agreement::zero_refused_in_a_ratchet_step,
    ),
    Case::live(
        "primitives/agreement/zero-used",
        &["PRIM-4"],
        KEYS_COMPATIBLE,
        Interop,
        agreement::zero_used,
    ),
    Case::live(
        "primitives/agreement/zero-used-in-a-bundle",
        &["PRIM-4"],
        V3_COMPATIBLE,
        Interop,
        agreement::zero_used_in_a_bundle,
    ),
    Case::live(
        "primitives/agreement/zero-used-in-a-ratchet-step",
        &["PRIM-4"],
        V3_COMPATIBLE,
        Interop,
        agreement::zero_used_in_a_ratchet_step,
    ),
    Case::live("primitives/public-key/empty", &["PRIM-5"], KEYS, Spec, decoding::empty),
    Case::live(
        "primitives/public-key/other-type",
        &["PRIM-6"],
        KEYS,
        Security,
        decoding::other_type,
    ),
    Case::live("primitives/public-key/too-short", &["PRIM-7"], KEYS, Security, decoding::too_short),
    Case::live(
        "primitives/public-key/bad-key-in-a-message",
        &["PRIM-5", "PRIM-6", "PRIM-7"],
        V3,
        Security,
        decoding::bad_key_in_a_message,
    ),
    Case::live(
        "primitives/public-key/bad-key-in-a-bundle",
        &["PRIM-5", "PRIM-6", "PRIM-7"],
        V3,
        Security,
        decoding::bad_key_in_a_bundle,
    ),
    Case::live(
        "primitives/public-key/tail-dropped",
        &["PRIM-8"],
        KEYS_COMPATIBLE,
        Interop,
        decoding::tail_dropped,
    ),
    Case::live(
        "primitives/public-key/tail-is-in-no-mac",
        &["PRIM-8"],
        V3_COMPATIBLE,
        Interop,
        decoding::tail_is_in_no_mac,
    ),
    Case::live(
        "primitives/public-key/tail-refused",
        &["PRIM-9"],
        KEYS_STRICT,
        Security,
        decoding::tail_refused,
    ),
    Case::live(
        "primitives/public-key/tail-refused-in-a-message",
        &["PRIM-9"],
        V3_STRICT,
        Security,
        decoding::tail_refused_in_a_message,
    ),
    Case::live(
        "primitives/public-key/kept-as-received",
        &["PRIM-10"],
        KEYS_COMPATIBLE,
        Interop,
        decoding::kept_as_received,
    ),
    Case::live(
        "primitives/public-key/top-bit-under-the-mac",
        &["PRIM-10", "PRIM-2"],
        V3_COMPATIBLE,
        Interop,
        decoding::top_bit_under_the_mac,
    ),
    Case::live(
        "primitives/public-key/not-canonical-refused",
        &["PRIM-11"],
        KEYS_STRICT,
        Security,
        decoding::not_canonical_refused,
    ),
    Case::live(
        "primitives/public-key/not-canonical-refused-in-a-message",
        &["PRIM-11"],
        V3_STRICT,
        Security,
        decoding::not_canonical_refused_in_a_message,
    ),
    Case::live("primitives/padding/written", &["PRIM-12"], V3, Interop, padding::written),
    Case::live(
        "primitives/padding/every-byte-checked",
        &["PRIM-13"],
        V3,
        Security,
        padding::every_byte_checked,
    ),
];
