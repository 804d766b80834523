//! Cases of the ratchet chapter. Spec: `spec/ratchet.md`.

mod atomicity;
mod authentication;
mod keys;
mod limits;
mod order;
mod sending;

use crate::case::{
    Case,
    Severity::{Interop, Robustness, Security},
};

const V3: &[&str] = &["signal-v3/1"];
const V3_COMPATIBLE: &[&str] = &["signal-v3/1", "profile.compatible"];
const V3_FORK: &[&str] = &["signal-v3/1", "state.fork"];
const V3_RNG: &[&str] = &["signal-v3/1", "rng.inject"];

/// The cases of this chapter.
pub const CASES: &[Case] = &[
    Case::live("ratchet/keys/root-steps-agree", &["RATCHET-1"], V3, Interop, keys::root_steps_agree),
    Case::live("ratchet/keys/chain-steps-agree", &["RATCHET-2"], V3, Interop, keys::chain_steps_agree),
    Case::live("ratchet/keys/body-iv-is-derived", &["RATCHET-3"], V3, Security, keys::body_iv_is_derived),
    Case::live("ratchet/keys/body-is-cbc", &["RATCHET-4"], V3, Interop, keys::body_is_cbc),
    Case::live("ratchet/keys/mac-covers-both-identities", &["RATCHET-5"], V3, Interop, keys::mac_covers_both_identities),
    Case::live("ratchet/keys/bytes-follow-from-draws", &["RATCHET-1", "RATCHET-2", "RATCHET-3", "RATCHET-4", "RATCHET-5", "RATCHET-12"], V3_RNG, Interop, keys::bytes_follow_from_draws),
    Case::live("ratchet/mac/changed-message-refused", &["RATCHET-6"], V3, Security, authentication::changed_message_refused),
    Case::live("ratchet/mac/changed-first-reply-refused", &["RATCHET-6"], V3, Security, authentication::changed_first_reply_refused),
    Case::live("ratchet/mac/changed-prekey-message-refused", &["RATCHET-6"], V3, Security, authentication::changed_prekey_message_refused),
    Case::live("ratchet/mac/message-of-another-pair-refused", &["RATCHET-6"], V3, Security, authentication::message_of_another_pair_refused),
    Case::live("ratchet/mac/each-of-eight-bytes-counts", &["RATCHET-7"], V3, Security, authentication::each_of_eight_bytes_counts),
    Case::live("ratchet/mac/bytes-as-received", &["RATCHET-8"], V3, Interop, authentication::bytes_as_received),
    Case::live("ratchet/mac/version-byte-changed", &["RATCHET-9"], V3, Security, authentication::version_byte_changed),
    Case::live("ratchet/mac/other-low-nibble-under-mac", &["RATCHET-9"], V3, Interop, authentication::other_low_nibble_under_mac),
    Case::live("ratchet/mac/ciphertext-not-whole-blocks", &["RATCHET-28"], V3, Security, authentication::ciphertext_not_whole_blocks),
    Case::live("ratchet/sending/previous-counter-is-last-index", &["RATCHET-10"], V3, Interop, sending::previous_counter_is_last_index),
    Case::live("ratchet/sending/counts-from-zero", &["RATCHET-13"], V3, Interop, sending::counts_from_zero),
    Case::live("ratchet/sending/one-chain-until-new-key", &["RATCHET-13"], V3, Security, sending::one_chain_until_new_key),
    Case::live("ratchet/sending/new-key-each-step", &["RATCHET-12"], V3, Security, sending::new_key_each_step),
    Case::live("ratchet/sending/key-drawn-in-the-step", &["RATCHET-12"], V3_FORK, Security, sending::key_drawn_in_the_step),
    Case::live("ratchet/sending/same-plaintext-twice", &["RATCHET-29"], V3, Security, sending::same_plaintext_twice),
    Case::live("ratchet/sending/long-run", &["RATCHET-13", "RATCHET-29"], V3, Security, sending::long_run),
    Case::live("ratchet/order/previous-counter-ignored", &["RATCHET-11"], V3, Interop, order::previous_counter_ignored),
    Case::live("ratchet/order/any-order-in-a-chain", &["RATCHET-14"], V3, Interop, order::any_order_in_a_chain),
    Case::live("ratchet/order/reversed-first-chain", &["RATCHET-14"], V3, Interop, order::reversed_first_chain),
    Case::live("ratchet/order/late-from-older-chains", &["RATCHET-23"], V3, Interop, order::late_from_older_chains),
    Case::live("ratchet/replay/same-counter-twice", &["RATCHET-15"], V3, Security, order::same_counter_twice),
    Case::live("ratchet/replay/late-message-twice", &["RATCHET-15"], V3, Security, order::late_message_twice),
    Case::live("ratchet/replay/from-an-older-chain", &["RATCHET-15"], V3, Security, order::replay_from_an_older_chain),
    Case::live("ratchet/replay/duplicate-before-mac", &["RATCHET-27"], V3_COMPATIBLE, Interop, order::duplicate_before_mac),
    Case::live("ratchet/limits/forward-25000", &["RATCHET-16"], V3, Interop, limits::forward_25000),
    Case::live("ratchet/limits/forward-25001", &["RATCHET-17"], V3, Robustness, limits::forward_25001),
    Case::live("ratchet/limits/forward-25001-new-chain", &["RATCHET-17"], V3, Robustness, limits::forward_25001_new_chain),
    Case::live("ratchet/limits/forward-with-itself", &["RATCHET-18"], V3_COMPATIBLE, Interop, limits::forward_with_itself),
    Case::live("ratchet/limits/stored-seeds-2000", &["RATCHET-19"], V3, Interop, limits::stored_seeds_2000),
    Case::live("ratchet/limits/oldest-seed-dropped", &["RATCHET-19", "RATCHET-20"], V3, Robustness, limits::oldest_seed_dropped),
    Case::live("ratchet/limits/receiver-chains-5", &["RATCHET-21"], V3, Interop, limits::receiver_chains_5),
    Case::live("ratchet/limits/receiver-chains-5-initiator", &["RATCHET-21"], V3, Interop, limits::receiver_chains_5_initiator),
    Case::live("ratchet/limits/sixth-chain-drops-the-oldest", &["RATCHET-22"], V3, Robustness, limits::sixth_chain_drops_the_oldest),
    Case::live("ratchet/atomicity/refused-keeps-the-seed", &["RATCHET-24"], V3, Security, atomicity::refused_keeps_the_seed),
    Case::live("ratchet/atomicity/refused-keeps-a-stored-seed", &["RATCHET-24"], V3, Security, atomicity::refused_keeps_a_stored_seed),
    Case::live("ratchet/atomicity/bad-padding-keeps-the-state", &["RATCHET-24", "PRIM-13"], V3, Security, atomicity::bad_padding_keeps_the_state),
    Case::live("ratchet/atomicity/refused-adds-no-chain", &["RATCHET-25"], V3, Security, atomicity::refused_adds_no_chain),
    Case::live("ratchet/atomicity/refused-first-of-a-chain", &["RATCHET-24", "RATCHET-25"], V3, Security, atomicity::refused_first_of_a_chain),
    Case::live("ratchet/atomicity/refused-stores-no-seeds", &["RATCHET-26"], V3, Security, atomicity::refused_stores_no_seeds),
];
