//! Reads recorded transcripts. Their format: `vectors/README.md`.

use std::fs::{self, File};
use std::path::PathBuf;

use countersign_protocol::problem::Problem;
use flate2::read::GzDecoder;
use serde_json::Value;

/// The transcripts of one kind with their file names, in the order of these.
pub(crate) fn transcripts(kind: &str) -> Vec<(String, Value)> {
    let folder: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "vectors", "recorded", kind].iter().collect();
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "gz"))
        .map(|path| {
            let file = GzDecoder::new(File::open(&path).unwrap());
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_reader(file).unwrap())
        })
        .collect()
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(text(value)).unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

/// The registered code of a recorded error.
pub(crate) fn problem_of_class(error: &Value) -> Problem {
    match text(&error["class"]) {
        "InvalidProtobufEncoding" => Problem::Malformed,
        "CiphertextMessageTooShort" => Problem::TooShort,
        "LegacyCiphertextVersion" => Problem::LegacyVersion,
        "UnrecognizedCiphertextVersion" => Problem::UnknownVersion,
        "NoKeyTypeIdentifier" => Problem::NoKeyType,
        "BadKeyType" => Problem::BadKeyType,
        "BadKeyLength" => Problem::BadKeyLength,
        "SignatureValidationFailed" => Problem::BadSignature,
        "DuplicatedMessage" => Problem::DuplicateMessage,
        "InvalidMessage" => Problem::InvalidMessage,
        "UntrustedIdentity" => Problem::UntrustedIdentity,
        "SessionNotFound" => Problem::NoSession,
        "InvalidPreKeyId" => Problem::UnknownPrekey,
        "InvalidSignedPreKeyId" => Problem::UnknownSignedPrekey,
        "NoSenderKeyState" => Problem::NoSenderKey,
        "InvalidIterationCount" => Problem::BadIterations,
        "FingerprintVersionMismatch" => Problem::FingerprintVersion,
        "FingerprintParsingError" => Problem::FingerprintMalformed,
        class => panic!("no code is registered for {class}"),
    }
}
