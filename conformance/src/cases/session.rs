//! Cases of the session chapter, in each suite that has sessions. Spec: `spec/session.md`.

mod age;
mod archive;
mod opening;
mod pending;
mod separation;
mod trial;

use crate::{
    case::{
        Case,
        Severity::{Interop, Robustness, Security},
    },
    subject::types::Suite,
};

/// Cases that are run in both suites, `id@suite` each, and behind them those of one suite.
macro_rules! in_both_suites {
    ($([$id:literal, $reqs:expr, $needs:tt, $severity:expr, $run:path],)* and $($single:expr,)*) => {
        &[
            $(in_both_suites!(@one $id, "signal-v3", $reqs, $needs, $severity, |run| $run(run, Suite::SignalV3)),
            in_both_suites!(@one $id, "ratchet-chacha20", $reqs, $needs, $severity, |run| $run(run, Suite::RatchetChacha20)),)*
            $($single,)*
        ]
    };
    (@one $id:literal, $suite:literal, $reqs:expr, [$($need:literal),*], $severity:expr, $run:expr) => {
        Case::live(concat!($id, "@", $suite), $reqs, &[concat!($suite, "/1") $(, $need)*], $severity, $run)
    };
}

/// The cases of this chapter.
pub const CASES: &[Case] = in_both_suites! {
    ["session/pending/prekey-messages-until-answered", &["SESSION-1"], [], Interop, pending::prekey_messages_until_answered],
    ["session/pending/refused-answer-does-not-count", &["SESSION-1"], [], Interop, pending::refused_answer_does_not_count],
    ["session/pending/ratchet-messages-once-answered", &["SESSION-2"], [], Interop, pending::ratchet_messages_once_answered],
    ["session/pending/responder-sends-ratchet-messages", &["SESSION-2"], [], Interop, pending::responder_sends_ratchet_messages],
    ["session/pending/archived-and-current-again", &["SESSION-15"], [], Interop, pending::archived_and_current_again],
    ["session/opening/matching-session-needs-no-prekeys", &["SESSION-3"], [], Interop, opening::matching_session_needs_no_prekeys],
    ["session/opening/matching-session-ignores-ids", &["SESSION-3"], [], Interop, opening::matching_session_ignores_ids],
    ["session/archive/peer-begins-again", &["SESSION-4"], [], Interop, archive::peer_begins_again],
    ["session/archive/subject-begins-again", &["SESSION-4"], [], Interop, archive::subject_begins_again],
    ["session/archive/forty-are-kept", &["SESSION-5"], [], Interop, archive::forty_are_kept],
    ["session/archive/forty-first-is-dropped", &["SESSION-5", "SESSION-6"], [], Robustness, archive::forty_first_is_dropped],
    ["session/archive/simultaneous-initiation", &["SESSION-16"], [], Interop, archive::simultaneous_initiation],
    ["session/archive/simultaneous-initiation-one-lost", &["SESSION-16"], [], Interop, archive::simultaneous_initiation_one_lost],
    ["session/trial/every-archived-session", &["SESSION-7"], [], Interop, trial::every_archived_session],
    ["session/promotion/ratchet-message-in-archived", &["SESSION-8"], [], Interop, trial::ratchet_message_in_archived],
    ["session/promotion/prekey-message-of-archived", &["SESSION-9"], [], Interop, trial::prekey_message_of_archived],
    ["session/trial/duplicate-ends-it", &["SESSION-10"], [], Interop, trial::duplicate_ends_it],
    ["session/trial/nothing-fits", &["SESSION-11"], [], Interop, trial::nothing_fits],
    ["session/trial/no-session", &["SESSION-12"], [], Interop, trial::no_session],
    ["session/trial/refused-changes-no-session", &["SESSION-24"], [], Security, trial::refused_changes_no_session],
    ["session/trial/refused-first-message-of-archived", &["SESSION-24"], [], Security, trial::refused_first_message_of_archived],
    ["session/age/unanswered-for-30-days", &["SESSION-13"], ["clock.inject"], Security, age::unanswered_for_30_days],
    ["session/age/usable-for-30-days", &["SESSION-14"], ["clock.inject"], Interop, age::usable_for_30_days],
    ["session/age/answered-has-no-age", &["SESSION-14"], ["clock.inject"], Interop, age::answered_has_no_age],
    ["session/age/begun-by-peer-has-no-age", &["SESSION-14"], ["clock.inject"], Interop, age::begun_by_peer_has_no_age],
    ["session/sending/refused-for-age-changes-nothing", &["SESSION-23"], ["clock.inject"], Security, age::refused_for_age_changes_nothing],
    ["session/sending/refused-for-trust-changes-nothing", &["SESSION-23"], [], Security, opening::refused_for_trust_changes_nothing],
    ["session/opening/refused-first-message-leaves-nothing", &["SESSION-17"], [], Security, opening::refused_first_message_leaves_nothing],
    ["session/opening/refused-second-opening-leaves-nothing", &["SESSION-17"], [], Security, opening::refused_second_opening_leaves_nothing],
    ["session/opening/only-its-own-session", &["SESSION-18"], [], Security, opening::only_its_own_session],
    ["session/opening/only-the-session-it-names", &["SESSION-18"], [], Security, opening::only_the_session_it_names],
    ["session/opening/trust-before-prekeys", &["SESSION-19"], [], Interop, opening::trust_before_prekeys],
    ["session/opening/decoding-before-trust", &["SESSION-19"], [], Interop, opening::decoding_before_trust],
    ["session/opening/prekeys-before-inner-message", &["SESSION-19"], [], Interop, opening::prekeys_before_inner_message],
    ["session/separation/devices-of-one-account", &["SESSION-20"], [], Security, separation::devices_of_one_account],
    ["session/separation/accounts-with-one-device-id", &["SESSION-20"], [], Security, separation::accounts_with_one_device_id],
    ["session/separation/decoder-by-type", &["SESSION-22"], [], Security, separation::decoder_by_type],
    and
    Case::live("session/pending/archiving-clears-it", &["SESSION-15"], &["signal-v3/1", "rng.inject", "state.fork", "state.fingerprint"], Interop, pending::archiving_clears_it),
    Case::live("session/opening/policy-between-trust-and-prekeys", &["SESSION-19"], &["signal-v3/1"], Interop, opening::policy_between_trust_and_prekeys),
    Case::live("session/separation/version-4-under-a-right-mac", &["SESSION-21"], &["signal-v3/1"], Security, separation::version_4_under_a_right_mac),
    Case::live("session/separation/incarnations-of-one-device", &["SESSION-20"], &["ratchet-chacha20/1"], Security, separation::incarnations_of_one_device),
};
