//! Cases of suite `ratchet-chacha20`. Spec: `spec/native.md`.

mod bundle;
mod closing;
mod handshake;
mod limits;
mod message;
mod names;
mod prekeys;

use crate::{
    case::{
        Case,
        Severity::{Interop, Robustness, Security},
        Stop,
    },
    run::Run,
    scene::Scene,
    subject::types::Suite,
};

const NATIVE: &[&str] = &["ratchet-chacha20/1"];
const NATIVE_RNG: &[&str] = &["ratchet-chacha20/1", "rng.inject"];

/// The cases of this chapter.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    Case::live("native/bundle/signed-prekey-signature", &["NATIVE-1"], NATIVE, Interop, bundle::signed_prekey_signature),
    Case::live("native/bundle/one-time-prekey-signature", &["NATIVE-2"], NATIVE, Interop, bundle::one_time_prekey_signature),
    Case::live("native/bundle/wrong-signed-prekey-signature", &["NATIVE-3"], NATIVE, Security, bundle::wrong_signed_prekey_signature),
    Case::live("native/bundle/wrong-one-time-prekey-signature", &["NATIVE-4"], NATIVE, Security, bundle::wrong_one_time_prekey_signature),
    Case::live("native/bundle/one-label-for-the-other", &["NATIVE-5"], NATIVE, Security, bundle::one_label_for_the_other),
    Case::live("native/bundle/of-another-device", &["NATIVE-6"], NATIVE, Security, bundle::of_another_device),
    Case::live("native/bundle/names-before-trust", &["NATIVE-6"], NATIVE, Interop, bundle::names_before_trust),
    Case::live("native/bundle/sign-bit-set", &["NATIVE-3", "NATIVE-4", "IDENTITY-12"], NATIVE, Security, bundle::sign_bit_set),
    Case::live("native/bundle/non-canonical-key", &["NATIVE-16"], NATIVE, Security, bundle::non_canonical_key),
    Case::live("native/bundle/zero-agreement", &["NATIVE-17"], NATIVE, Security, bundle::zero_agreement),
    Case::live("native/handshake/as-initiator", &["NATIVE-7", "NATIVE-8", "NATIVE-9", "NATIVE-10", "NATIVE-11"], NATIVE, Interop, handshake::as_initiator),
    Case::live("native/handshake/as-responder", &["NATIVE-7", "NATIVE-8", "NATIVE-9", "NATIVE-10", "NATIVE-11"], NATIVE, Interop, handshake::as_responder),
    Case::live("native/handshake/draws", &["NATIVE-34"], NATIVE_RNG, Interop, handshake::draws),
    Case::live("native/handshake/zero-agreement", &["NATIVE-17"], NATIVE, Security, handshake::zero_agreement),
    Case::live("native/handshake/names-another-responder", &["NATIVE-18"], NATIVE, Security, names::another_responder),
    Case::live("native/handshake/from-another-initiator", &["NATIVE-19"], NATIVE, Security, names::another_initiator),
    Case::live("native/handshake/names-before-trust", &["NATIVE-18", "NATIVE-19"], NATIVE, Interop, names::before_trust),
    Case::live("native/replay/without-one-time-prekey", &["NATIVE-20"], NATIVE, Security, prekeys::replay_without_one_time_prekey),
    Case::live("native/replay/kept-with-the-signed-prekey", &["NATIVE-21"], NATIVE, Security, prekeys::kept_with_the_signed_prekey),
    Case::live("native/replay/of-a-session-dropped-from-the-archive", &["NATIVE-20", "NATIVE-21"], NATIVE, Security, prekeys::of_a_dropped_session),
    Case::live("native/prekeys/one-time-used-once", &["NATIVE-22"], NATIVE, Security, prekeys::one_time_used_once),
    Case::live("native/prekeys/one-time-kept-when-refused", &["NATIVE-22"], NATIVE, Security, prekeys::one_time_kept_when_refused),
    Case::live("native/prekeys/unknown", &["NATIVE-23"], NATIVE, Interop, prekeys::unknown),
    Case::live("native/message/every-header-byte", &["NATIVE-12"], NATIVE, Security, message::every_header_byte),
    Case::live("native/message/every-tag-byte", &["NATIVE-13"], NATIVE, Security, message::every_tag_byte),
    Case::live("native/message/associated-data", &["NATIVE-11"], NATIVE, Security, message::associated_data),
    Case::live("native/message/other-format-suite-kind", &["NATIVE-14"], NATIVE, Security, message::other_format_suite_kind),
    Case::live("native/message/truncated", &["NATIVE-15"], NATIVE, Robustness, message::truncated),
    Case::live("native/message/count-and-device-id", &["NATIVE-15"], NATIVE, Security, message::count_and_device_id),
    Case::live("native/message/non-canonical-key", &["NATIVE-16"], NATIVE, Security, message::non_canonical_key),
    Case::live("native/message/zero-agreement-in-a-step", &["NATIVE-17"], NATIVE, Security, message::zero_agreement_in_a_step),
    Case::live("native/message/own-message-reflected", &["NATIVE-33"], NATIVE, Security, message::own_message_reflected),
    Case::live("native/message/own-ratchet-key", &["NATIVE-33"], NATIVE_RNG, Security, message::own_ratchet_key),
    Case::live("native/message/refused-changes-nothing", &["NATIVE-32"], NATIVE, Security, message::refused_changes_nothing),
    Case::live("native/closing/previous-length", &["NATIVE-24"], NATIVE, Interop, closing::previous_length),
    Case::live("native/closing/nothing-behind-previous-length", &["NATIVE-25"], NATIVE, Security, closing::nothing_behind_previous_length),
    Case::live("native/closing/previous-length-too-short", &["NATIVE-25"], NATIVE, Security, closing::previous_length_too_short),
    Case::live("native/closing/late-messages-once", &["NATIVE-26"], NATIVE, Interop, closing::late_messages_once),
    Case::live("native/closing/key-of-a-closed-chain", &["NATIVE-35"], NATIVE, Security, closing::key_of_a_closed_chain),
    Case::live("native/closing/used-counter", &["NATIVE-27"], NATIVE, Security, closing::used_counter),
    Case::live("native/limits/jump-2000", &["NATIVE-28"], NATIVE, Interop, limits::jump_2000),
    Case::live("native/limits/jump-2000-over-two-chains", &["NATIVE-28"], NATIVE, Interop, limits::jump_2000_over_two_chains),
    Case::live("native/limits/jump-2001", &["NATIVE-29"], NATIVE, Robustness, limits::jump_2001),
    Case::live("native/limits/stored-seeds-2000", &["NATIVE-30"], NATIVE, Interop, limits::stored_seeds_2000),
    Case::live("native/limits/oldest-seed-dropped", &["NATIVE-30", "NATIVE-31"], NATIVE, Robustness, limits::oldest_seed_dropped),
    Case::live("native/limits/seeds-of-all-chains-together", &["NATIVE-31"], NATIVE, Robustness, limits::seeds_of_all_chains_together),
];

/// Two devices of this suite with prekeys, and no session.
fn strangers(run: &mut Run) -> Result<Scene, Stop> {
    Scene::of(run, Suite::RatchetChacha20)
}

/// The judge began a session, and each side has read a message of the other.
fn acquainted(run: &mut Run) -> Result<Scene, Stop> {
    strangers(run)?.begun_by_judge()
}

/// The same number with bit 255 set, which no encoder writes.
fn with_top_bit(mut key: [u8; 32]) -> [u8; 32] {
    let [.., last] = &mut key;
    *last |= 0x80;
    key
}

/// 3 and 3 + p are one number of the field; this is the encoding that no encoder writes.
const THREE_PLUS_P: [u8; 32] = {
    let mut key = [0xff; 32];
    key[0] = 0xf0;
    key[31] = 0x7f;
    key
};
