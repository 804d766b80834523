//! The registry of error codes: the one table, and the error type of every operation.
//!
//! A refusal says which rule of the protocol was broken and nothing about secrets: whatever the
//! cipher refuses is [`Problem::InvalidMessage`]. Spec: `spec/errors.md`.

use core::fmt;

/// Whose fault a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The input was refused; the state is as it was.
    Reject,
    /// The program around the protocol failed; no verdict on the input.
    Internal,
}

macro_rules! registry {
    ($($(#[doc = $doc:literal])+ $name:ident $code:literal $class:ident;)+) => {
        /// A registered error code. Spec: `spec/errors.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Problem { $($(#[doc = $doc])+ $name,)+ }

        impl Problem {
            /// Every registered code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The table itself: code and class.
            pub const fn row(self) -> (&'static str, Class) {
                match self { $(Self::$name => ($code, Class::$class),)+ }
            }
        }
    };
}

registry! {
    /// The structure is broken, a field absent, a length wrong, or bytes are left over.
    Malformed "malformed" Reject;
    /// Fewer bytes than any message has.
    TooShort "too_short" Reject;
    /// A message version that is no longer spoken.
    LegacyVersion "legacy_version" Reject;
    /// A message version that is not known.
    UnknownVersion "unknown_version" Reject;
    /// An empty public key.
    NoKeyType "no_key_type" Reject;
    /// A public key whose first byte is not 0x05.
    BadKeyType "bad_key_type" Reject;
    /// A public key of the wrong length.
    BadKeyLength "bad_key_length" Reject;
    /// A public key that is not canonical.
    BadKey "bad_key" Reject;
    /// A key agreement of 32 zero bytes.
    BadAgreement "bad_agreement" Reject;
    /// A signature that does not verify.
    BadSignature "bad_signature" Reject;
    /// An identity key other than the one trusted for this address.
    UntrustedIdentity "untrusted_identity" Reject;
    /// A one-time prekey that is not held.
    UnknownPrekey "unknown_prekey" Reject;
    /// A signed prekey that is not held.
    UnknownSignedPrekey "unknown_signed_prekey" Reject;
    /// No session, or none that may be used for sending.
    NoSession "no_session" Reject;
    /// A message that was decrypted before, or whose seed was dropped.
    DuplicateMessage "duplicate_message" Reject;
    /// Everything the cipher refuses: MAC, padding, too far ahead, no session fits.
    InvalidMessage "invalid_message" Reject;
    /// A new session of a suite that the receiver's policy refuses.
    SuiteRefused "suite_refused" Reject;
    /// A first message that was accepted before and whose session is gone.
    HandshakeReplayed "handshake_replayed" Reject;
    /// No sender key for this distribution and chain.
    NoSenderKey "no_sender_key" Reject;
    /// A fingerprint iteration count out of range.
    BadIterations "bad_iterations" Reject;
    /// A fingerprint of another version.
    FingerprintVersion "fingerprint_version" Reject;
    /// A fingerprint that cannot be read.
    FingerprintMalformed "fingerprint_malformed" Reject;
    /// A signed record whose signature does not verify.
    RecordSignatureInvalid "record_signature_invalid" Reject;
    /// A signed record of another account, or under another identity key.
    RecordForeign "record_foreign" Reject;
    /// A signed record older than the one held.
    RecordRollback "record_rollback" Reject;
    /// A signed record that contradicts the one held, or was not made from it.
    RecordConflict "record_conflict" Reject;
    /// A change of a device list that is not a change of exactly one device.
    RecordNotOneDevice "record_not_one_device" Reject;
    /// A device id that was closed is used again.
    DeviceIdClosed "device_id_closed" Reject;
    /// A device offers a lower level than before.
    CapabilityRegression "capability_regression" Reject;
    /// A frame that names other devices or another suite than it came by.
    FrameMismatch "frame_mismatch" Reject;
    /// A frame whose `since` cannot be.
    MarkInvalid "mark_invalid" Reject;
    /// A message of a level that the peer has left.
    DowngradeRejected "downgrade_rejected" Reject;
    /// Another message came under the same sequence: a cloned or rewound peer.
    SequenceConflict "sequence_conflict" Reject;
    /// One gap too many among the sequences received.
    GapLimit "gap_limit" Reject;
    /// No record of the peer's incarnation was verified.
    IncarnationUnknown "incarnation_unknown" Reject;
    /// The peer's incarnation is closed.
    IncarnationClosed "incarnation_closed" Reject;
    /// The peer has named a later record than the one held.
    RecordStale "record_stale" Reject;
    /// No suite in common that is high enough.
    NoCommonSuite "no_common_suite" Reject;
    /// The server gives no prekeys of the peer device.
    BundleUnavailable "bundle_unavailable" Reject;
    /// Prekeys without something that their suite needs.
    BundleIncomplete "bundle_incomplete" Reject;
    /// Prekeys whose signature does not verify.
    BundleSignatureInvalid "bundle_signature_invalid" Reject;
    /// An audit log that is not the continuation of what was checked before.
    AuditChainBroken "audit_chain_broken" Reject;
    /// A stored state that cannot be read.
    BadState "bad_state" Reject;
    /// Too few random bytes were given.
    RngExhausted "rng_exhausted" Internal;
    /// The request itself is wrong.
    BadRequest "bad_request" Internal;
    /// Anything else.
    Internal "internal" Internal;
}

impl Problem {
    /// The code on the wire, in snake case.
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// Whose fault it is.
    pub const fn class(self) -> Class {
        self.row().1
    }

    /// The problem registered under `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|problem| problem.code() == code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl core::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_finds_its_problem() {
        for problem in Problem::ALL {
            assert_eq!(Problem::from_code(problem.code()), Some(*problem));
        }
    }
}
