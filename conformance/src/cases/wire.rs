//! Cases of the wire chapter: libsignal's structures. Spec: `spec/wire.md`.

mod decoding;
mod reading;
mod writing;

use crate::case::{
    Case,
    Severity::{Interop, Robustness, Security, Spec},
};

const V3: &[&str] = &["signal-v3/1"];

/// The cases of this chapter.
pub const CASES: &[Case] = &[
    Case::live(
        "wire/version/first-byte-is-34",
        &["WIRE-1"],
        V3,
        Interop,
        writing::first_byte_is_34,
    ),
    Case::live(
        "wire/version/below-3-refused",
        &["WIRE-10"],
        V3,
        Security,
        decoding::version_below_3_refused,
    ),
    Case::live(
        "wire/version/above-4-refused",
        &["WIRE-11"],
        V3,
        Security,
        decoding::version_above_4_refused,
    ),
    Case::live(
        "wire/version/any-low-nibble-of-a-prekey-message",
        &["WIRE-15"],
        V3,
        Interop,
        reading::any_low_nibble_of_a_prekey_message,
    ),
    Case::live(
        "wire/writing/ratchet-message-fields",
        &["WIRE-2"],
        V3,
        Interop,
        writing::ratchet_message_fields,
    ),
    Case::live(
        "wire/writing/prekey-message-fields",
        &["WIRE-2"],
        V3,
        Interop,
        writing::prekey_message_fields,
    ),
    Case::live(
        "wire/reading/fields-in-any-order",
        &["WIRE-3"],
        V3,
        Interop,
        reading::fields_in_any_order,
    ),
    Case::live(
        "wire/reading/prekey-fields-in-any-order",
        &["WIRE-3"],
        V3,
        Interop,
        reading::prekey_fields_in_any_order,
    ),
    Case::live("wire/reading/unknown-fields", &["WIRE-4"], V3, Interop, reading::unknown_fields),
    Case::live(
        "wire/reading/unknown-prekey-fields",
        &["WIRE-4"],
        V3,
        Interop,
        reading::unknown_prekey_fields,
    ),
    Case::live(
        "wire/reading/last-of-repeated-fields",
        &["WIRE-5"],
        V3,
        Security,
        reading::last_of_repeated_fields,
    ),
    Case::live(
        "wire/reading/last-of-repeated-prekey-fields",
        &["WIRE-5"],
        V3,
        Security,
        reading::last_of_repeated_prekey_fields,
    ),
    Case::live("wire/reading/long-varints", &["WIRE-6"], V3, Interop, reading::long_varints),
    Case::live(
        "wire/reading/long-varints-of-a-prekey-message",
        &["WIRE-6"],
        V3,
        Interop,
        reading::long_varints_of_a_prekey_message,
    ),
    Case::live(
        "wire/reading/numbers-beyond-32-bits",
        &["WIRE-7"],
        V3,
        Interop,
        reading::numbers_beyond_32_bits,
    ),
    Case::live(
        "wire/reading/prekey-numbers-beyond-32-bits",
        &["WIRE-7"],
        V3,
        Interop,
        reading::prekey_numbers_beyond_32_bits,
    ),
    Case::live(
        "wire/reading/absent-numbers-are-0",
        &["WIRE-14"],
        V3,
        Interop,
        reading::absent_numbers_are_0,
    ),
    Case::live(
        "wire/malformed/ratchet-message",
        &["WIRE-8"],
        V3,
        Security,
        decoding::malformed_ratchet_message,
    ),
    Case::live(
        "wire/malformed/prekey-message",
        &["WIRE-8"],
        V3,
        Security,
        decoding::malformed_prekey_message,
    ),
    Case::live(
        "wire/malformed/cut-anywhere",
        &["WIRE-8", "WIRE-9"],
        V3,
        Robustness,
        decoding::cut_anywhere,
    ),
    Case::live("wire/malformed/too-short", &["WIRE-9"], V3, Spec, decoding::too_short),
    Case::live(
        "wire/malformed/ratchet-field-absent",
        &["WIRE-12"],
        V3,
        Security,
        decoding::ratchet_field_absent,
    ),
    Case::live(
        "wire/malformed/prekey-field-absent",
        &["WIRE-13"],
        V3,
        Security,
        decoding::prekey_field_absent,
    ),
    Case::live(
        "wire/kyber/one-field-alone",
        &["WIRE-16"],
        V3,
        Security,
        decoding::one_kyber_field_alone,
    ),
    Case::live(
        "wire/kyber/between-the-keys",
        &["WIRE-16"],
        V3,
        Spec,
        decoding::kyber_between_the_keys,
    ),
];
