//! The format `libsignal-transcript/1` as Rust types. Fields that a replay does not need are not read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The one format that is read.
pub const FORMAT: &str = "libsignal-transcript/1";

/// One recorded scenario.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct Transcript {
    pub format: String,
    pub id: String,
    pub kind: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub parties: BTreeMap<String, Device>,
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Fingerprint files only, as everything below.
    #[serde(default)]
    pub version: u32,
    #[serde(default)]
    pub iterations: u32,
    #[serde(default)]
    pub cases: Vec<FingerprintCase>,
    #[serde(default)]
    pub runs: Vec<FingerprintRun>,
    #[serde(default)]
    pub errors: Vec<FingerprintRun>,
    #[serde(default)]
    pub mine: String,
    #[serde(default)]
    pub compare: Vec<Comparison>,
}

/// One device of a scenario with the keys it ever publishes.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct Device {
    pub name: String,
    pub device_id: u32,
    #[serde(default)]
    pub registration_id: u32,
    #[serde(default)]
    pub identity_private: Option<String>,
    #[serde(default)]
    pub signed_prekeys: Vec<SignedPrekey>,
    #[serde(default)]
    pub one_time_prekeys: Vec<OneTimePrekey>,
}

/// A signed prekey with its private half.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct SignedPrekey {
    pub id: u32,
    pub private: String,
    pub signature: String,
    #[serde(default)]
    pub timestamp: u64,
}

/// A one-time prekey with its private half.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct OneTimePrekey {
    pub id: u32,
    pub private: String,
}

/// One step: what a party did, and what came of it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct Step {
    pub n: usize,
    pub op: String,
    #[serde(default)]
    pub party: String,
    #[serde(default)]
    pub peer: String,
    #[serde(default)]
    pub sender: String,
    #[serde(default)]
    pub bundle: Option<Bundle>,
    #[serde(default)]
    pub expect: Value,
    #[serde(default)]
    pub rng: BTreeMap<String, String>,
    #[serde(default)]
    pub plaintext: String,
    #[serde(default)]
    pub count: u32,
    #[serde(default)]
    pub kept: BTreeMap<String, Value>,
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub from_step: Option<usize>,
    #[serde(default)]
    pub from_index: Option<u32>,
    #[serde(rename = "type", default)]
    pub kind: Option<u8>,
    #[serde(default)]
    pub fork: bool,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub now_ms: Option<u64>,
    #[serde(default)]
    pub identity_key: String,
    #[serde(default)]
    pub what: String,
    #[serde(default)]
    pub id: u32,
    #[serde(default)]
    pub distribution_id: String,
    #[serde(default)]
    pub store: Value,
}

/// A bundle, unpacked.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct Bundle {
    pub registration_id: u32,
    pub device_id: u32,
    pub identity_key: String,
    pub signed_pre_key_id: u32,
    pub signed_pre_key: String,
    pub signed_pre_key_signature: String,
    pub pre_key_id: Option<u32>,
    pub pre_key: Option<String>,
}

/// A computed fingerprint.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct FingerprintCase {
    pub local_id: String,
    pub local_key: String,
    pub remote_id: String,
    pub remote_key: String,
    pub display: Option<String>,
    pub local_scannable: Option<String>,
    pub remote_scannable: Option<String>,
}

/// The first case's keys with another number of iterations.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct FingerprintRun {
    pub iterations: u32,
    #[serde(default)]
    pub display: String,
    #[serde(default)]
    pub local_scannable: String,
    #[serde(default)]
    pub error: Value,
}

/// Two scanned codes.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct Comparison {
    #[serde(default)]
    pub note: String,
    pub theirs: String,
    #[serde(default)]
    pub result: Option<bool>,
    #[serde(default)]
    pub error: Value,
}

impl Transcript {
    /// Reads one file.
    ///
    /// # Errors
    /// For the user: what is wrong with it.
    pub fn parse(file: Value) -> Result<Self, String> {
        serde_json::from_value(file).map_err(|error| format!("not {FORMAT}: {error}"))
    }
}

impl Step {
    /// Whether the step worked when it was recorded.
    #[must_use]
    pub fn worked(&self) -> bool {
        self.expect.get("ok").and_then(Value::as_bool).unwrap_or(true)
    }

    /// The error class libsignal answered.
    #[must_use]
    pub fn error_class(&self) -> &str {
        class(self.expect.get("error"))
    }

    /// Bytes of `expect`, for instance `message`.
    ///
    /// # Errors
    /// When they are not hex.
    pub fn expected_bytes(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        let text = self.expect.get(key).and_then(Value::as_str);
        text.map(|text| {
            hex::decode(text).map_err(|error| format!("step {}: expect.{key}: {error}", self.n))
        })
        .transpose()
    }
}

/// The class of a recorded error.
#[must_use]
pub fn class(error: Option<&Value>) -> &str {
    error.and_then(|error| error.get("class")).and_then(Value::as_str).unwrap_or_default()
}

/// The registered codes that stand for a libsignal error class.
///
/// Alterations that shift bytes reach the protobuf decoder with random bytes; which of two classes results depends on
/// those bytes, so both codes are taken there.
#[must_use]
pub fn codes_of(class: &str, note: &str) -> &'static [&'static str] {
    let shifted = ["cut", "appended", "missing"].iter().any(|word| note.contains(word));
    match class {
        "InvalidMessage" | "InvalidProtobufEncoding" if shifted => {
            &["invalid_message", "malformed"]
        }
        "InvalidMessage" => &["invalid_message"],
        "InvalidProtobufEncoding" => &["malformed"],
        "CiphertextMessageTooShort" => &["too_short"],
        "LegacyCiphertextVersion" => &["legacy_version"],
        "UnrecognizedCiphertextVersion" => &["unknown_version"],
        "NoKeyTypeIdentifier" => &["no_key_type"],
        "BadKeyType" => &["bad_key_type"],
        "BadKeyLength" => &["bad_key_length"],
        "InvalidKeyAgreement" => &["bad_agreement"],
        "SignatureValidationFailed" => &["bad_signature"],
        "UntrustedIdentity" => &["untrusted_identity"],
        "InvalidPreKeyId" => &["unknown_prekey"],
        "InvalidSignedPreKeyId" => &["unknown_signed_prekey"],
        "SessionNotFound" => &["no_session"],
        "DuplicatedMessage" => &["duplicate_message"],
        "NoSenderKeyState" => &["no_sender_key"],
        "InvalidIterationCount" => &["bad_iterations"],
        "FingerprintVersionMismatch" => &["fingerprint_version"],
        "FingerprintParsingError" => &["fingerprint_malformed"],
        _ => &[],
    }
}
