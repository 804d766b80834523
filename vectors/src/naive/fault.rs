//! Refusals: a registered code and free text.

/// The closed registry of error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Malformed,
    TooShort,
    LegacyVersion,
    UnknownVersion,
    NoKeyType,
    BadKeyType,
    BadKeyLength,
    BadKey,
    BadAgreement,
    BadSignature,
    UntrustedIdentity,
    UnknownPrekey,
    UnknownSignedPrekey,
    NoSession,
    DuplicateMessage,
    InvalidMessage,
    SuiteRefused,
    HandshakeReplayed,
    NoSenderKey,
    BadIterations,
    FingerprintVersion,
    FingerprintMalformed,
    RecordSignatureInvalid,
    RecordForeign,
    RecordRollback,
    RecordConflict,
    RecordNotOneDevice,
    DeviceIdClosed,
    CapabilityRegression,
    FrameMismatch,
    MarkInvalid,
    AuditChainBroken,
    BadState,
    RngExhausted,
    BadRequest,
    Internal,
}

impl Code {
    /// The code as it is written in a reply.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooShort => "too_short",
            Self::LegacyVersion => "legacy_version",
            Self::UnknownVersion => "unknown_version",
            Self::NoKeyType => "no_key_type",
            Self::BadKeyType => "bad_key_type",
            Self::BadKeyLength => "bad_key_length",
            Self::BadKey => "bad_key",
            Self::BadAgreement => "bad_agreement",
            Self::BadSignature => "bad_signature",
            Self::UntrustedIdentity => "untrusted_identity",
            Self::UnknownPrekey => "unknown_prekey",
            Self::UnknownSignedPrekey => "unknown_signed_prekey",
            Self::NoSession => "no_session",
            Self::DuplicateMessage => "duplicate_message",
            Self::InvalidMessage => "invalid_message",
            Self::SuiteRefused => "suite_refused",
            Self::HandshakeReplayed => "handshake_replayed",
            Self::NoSenderKey => "no_sender_key",
            Self::BadIterations => "bad_iterations",
            Self::FingerprintVersion => "fingerprint_version",
            Self::FingerprintMalformed => "fingerprint_malformed",
            Self::RecordSignatureInvalid => "record_signature_invalid",
            Self::RecordForeign => "record_foreign",
            Self::RecordRollback => "record_rollback",
            Self::RecordConflict => "record_conflict",
            Self::RecordNotOneDevice => "record_not_one_device",
            Self::DeviceIdClosed => "device_id_closed",
            Self::CapabilityRegression => "capability_regression",
            Self::FrameMismatch => "frame_mismatch",
            Self::MarkInvalid => "mark_invalid",
            Self::AuditChainBroken => "audit_chain_broken",
            Self::BadState => "bad_state",
            Self::RngExhausted => "rng_exhausted",
            Self::BadRequest => "bad_request",
            Self::Internal => "internal",
        }
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: Code,
    /// Free text; never a secret or a plaintext.
    pub detail: String,
}

impl Fault {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// Shorthand for the one code of everything a cipher refuses.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidMessage, detail)
    }

    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Code::Malformed, detail)
    }
}

/// The result of everything that can be refused.
pub type Outcome<T> = Result<T, Fault>;
