//! Cases of the ratchet chapter. Spec: `spec/ratchet.md`.

pub mod atomicity;
mod authentication;
mod keys;
pub mod limits;
pub mod order;
mod sending;

use crate::case::{
    Case,
    Severity::{Interop, Security},
};

const V3: &[&str] = &["signal-v3/1"];
const V3_COMPATIBLE: &[&str] = &["signal-v3/1", "profile.compatible"];
const V3_STRICT: &[&str] = &["signal-v3/1", "profile.strict"];
const V3_FORK: &[&str] = &["signal-v3/1", "state.fork"];
const V3_RNG: &[&str] = &["signal-v3/1", "rng.inject"];

/// The cases of keys, MAC and sending; [`order`], [`limits`] and [`atomicity`] have their own.
pub const CASES: &[Case] = &[
    Case::live(
        "ratchet/keys/root-steps-agree",
        &["RATCHET-1"],
        V3,
        Interop,
        keys::root_steps_agree,
    ),
    Case::live(
        "ratchet/keys/chain-steps-agree",
        &["RATCHET-2"],
        V3,
        Interop,
        keys::chain_steps_agree,
    ),
    Case::live(
        "ratchet/keys/body-iv-is-derived",
        &["RATCHET-3"],
        V3,
        Security,
        keys::body_iv_is_derived,
    ),
    Case::live("ratchet/keys/body-is-cbc", &["RATCHET-4"], V3, Interop, keys::body_is_cbc),
    Case::live(
        "ratchet/keys/mac-covers-both-identities",
        &["RATCHET-5"],
        V3,
        Interop,
        keys::mac_covers_both_identities,
    ),
    Case::live(
        "ratchet/keys/bytes-follow-from-draws",
        &["RATCHET-1", "RATCHET-2", "RATCHET-3", "RATCHET-4", "RATCHET-5", "RATCHET-12"],
        V3_RNG,
        Interop,
        keys::bytes_follow_from_draws,
    ),
    Case::live(
        "ratchet/mac/changed-message-refused",
        &["RATCHET-6"],
        V3,
        Security,
        authentication::changed_message_refused,
    ),
    Case::live(
        "ratchet/mac/changed-first-reply-refused",
        &["RATCHET-6"],
        V3,
        Security,
        authentication::changed_first_reply_refused,
    ),
    Case::live(
        "ratchet/mac/changed-prekey-message-refused",
        &["RATCHET-6"],
        V3,
        Security,
        authentication::changed_prekey_message_refused,
    ),
    Case::live(
        "ratchet/mac/message-of-another-pair-refused",
        &["RATCHET-6"],
        V3,
        Security,
        authentication::message_of_another_pair_refused,
    ),
    Case::live(
        "ratchet/mac/each-of-eight-bytes-counts",
        &["RATCHET-7"],
        V3,
        Security,
        authentication::each_of_eight_bytes_counts,
    ),
    Case::live(
        "ratchet/mac/bytes-as-received",
        &["RATCHET-8"],
        V3,
        Interop,
        authentication::bytes_as_received,
    ),
    Case::live(
        "ratchet/mac/version-byte-changed",
        &["RATCHET-9"],
        V3,
        Security,
        authentication::version_byte_changed,
    ),
    Case::live(
        "ratchet/mac/other-low-nibble-under-mac",
        &["RATCHET-9"],
        V3,
        Interop,
        authentication::other_low_nibble_under_mac,
    ),
    Case::live(
        "ratchet/mac/ciphertext-not-whole-blocks",
        &["RATCHET-28"],
        V3,
        Security,
        authentication::ciphertext_not_whole_blocks,
    ),
    Case::live(
        "ratchet/sending/previous-counter-is-last-index",
        &["RATCHET-10"],
        V3,
        Interop,
        sending::previous_counter_is_last_index,
    ),
    Case::live(
        "ratchet/sending/counts-from-zero",
        &["RATCHET-13"],
        V3,
        Interop,
        sending::counts_from_zero,
    ),
    Case::live(
        "ratchet/sending/one-chain-until-new-key",
        &["RATCHET-13"],
        V3,
        Security,
        sending::one_chain_until_new_key,
    ),
    Case::live(
        "ratchet/sending/new-key-each-step",
        &["RATCHET-12", "RATCHET-13"],
        V3,
        Security,
        sending::new_key_each_step,
    ),
    Case::live(
        "ratchet/sending/key-drawn-in-the-step",
        &["RATCHET-12"],
        V3_FORK,
        Security,
        sending::key_drawn_in_the_step,
    ),
    Case::live(
        "ratchet/sending/same-plaintext-twice",
        &["RATCHET-29"],
        V3,
        Security,
        sending::same_plaintext_twice,
    ),
    Case::live(
        "ratchet/sending/long-run",
        &["RATCHET-13", "RATCHET-29"],
        V3,
        Security,
        sending::long_run,
    ),
];
