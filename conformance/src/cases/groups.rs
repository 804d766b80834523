//! Cases of group sender keys. Spec: `spec/groups.md`.

mod decoding;
pub(super) mod member;
mod reading;
mod states;
mod writing;

use crate::case::{
    Case,
    Severity::{Interop, Robustness, Security},
};

const GROUPS: &[&str] = &["sender-key-v3/1"];
const GROUPS_STRICT: &[&str] = &["sender-key-v3/1", "profile.strict"];
const GROUPS_RNG: &[&str] = &["sender-key-v3/1", "rng.inject"];

/// The cases of this chapter.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    Case::live("groups/distribution/fresh-key", &["GROUP-1"], GROUPS, Interop, writing::fresh_key),
    Case::live("groups/distribution/draws", &["GROUP-1"], GROUPS_RNG, Interop, writing::draws),
    Case::live("groups/distribution/repeated", &["GROUP-2"], GROUPS, Interop, writing::repeated),
    Case::live("groups/messages/written", &["GROUP-3", "GROUP-4", "GROUP-5"], GROUPS, Interop, writing::written),
    Case::live("groups/messages/each-iteration-once", &["GROUP-23"], GROUPS, Security, writing::each_iteration_once),
    Case::live("groups/messages/no-own-key", &["GROUP-18"], GROUPS, Security, writing::no_own_key),
    Case::live("groups/messages/read", &["GROUP-3", "GROUP-4"], GROUPS, Interop, reading::read),
    Case::live("groups/signature/covers-the-version-byte", &["GROUP-5"], GROUPS, Security, reading::covers_the_version_byte),
    Case::live("groups/signature/wrong", &["GROUP-6"], GROUPS, Security, reading::wrong_signature),
    Case::live("groups/signature/s-plus-q-refused", &["GROUP-6", "IDENTITY-7"], GROUPS_STRICT, Security, reading::s_plus_q_refused),
    Case::live("groups/signature/before-the-iteration", &["GROUP-6"], GROUPS, Interop, reading::signature_before_the_iteration),
    Case::live("groups/signature/after-the-key", &["GROUP-7"], GROUPS, Interop, reading::signature_after_the_key),
    Case::live("groups/replay/used-iteration", &["GROUP-8"], GROUPS, Security, reading::used_iteration),
    Case::live("groups/replay/before-the-distribution", &["GROUP-8"], GROUPS, Security, reading::before_the_distribution),
    Case::live("groups/limits/forward-25000", &["GROUP-9"], GROUPS, Interop, reading::forward_25000),
    Case::live("groups/limits/forward-25001", &["GROUP-10"], GROUPS, Robustness, reading::forward_25001),
    Case::live("groups/limits/stored-seeds-2000", &["GROUP-11"], GROUPS, Interop, reading::stored_seeds_2000),
    Case::live("groups/limits/oldest-seed-dropped", &["GROUP-11", "GROUP-12"], GROUPS, Robustness, reading::oldest_seed_dropped),
    Case::live("groups/atomicity/refused-changes-nothing", &["GROUP-19"], GROUPS, Security, reading::refused_changes_nothing),
    Case::live("groups/states/five-are-kept", &["GROUP-13"], GROUPS, Interop, states::five_are_kept),
    Case::live("groups/states/sixth-drops-the-oldest", &["GROUP-14"], GROUPS, Robustness, states::sixth_drops_the_oldest),
    Case::live("groups/states/same-key-again", &["GROUP-15"], GROUPS, Security, states::same_key_again),
    Case::live("groups/states/another-signing-key", &["GROUP-16"], GROUPS, Interop, states::another_signing_key),
    Case::live("groups/states/apart-by-sender", &["GROUP-17"], GROUPS, Security, states::apart_by_sender),
    Case::live("groups/states/apart-by-distribution", &["GROUP-17"], GROUPS, Security, states::apart_by_distribution),
    Case::live("groups/decoding/too-short", &["GROUP-20"], GROUPS, Robustness, decoding::too_short),
    Case::live("groups/decoding/version", &["GROUP-21"], GROUPS, Security, decoding::version),
    Case::live("groups/decoding/message-fields", &["GROUP-22"], GROUPS, Security, decoding::message_fields),
    Case::live("groups/decoding/distribution-fields", &["GROUP-22"], GROUPS, Security, decoding::distribution_fields),
    Case::live("groups/decoding/signing-key-not-canonical", &["PRIM-11"], GROUPS_STRICT, Security, decoding::signing_key_not_canonical),
];
