//! libsignal's structures: protobuf reading (as lax as libsignal) and a field writer that can
//! write anything. Spec: spec/wire.md

use prost::Message;

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::keys::{Profile, Public, decode_public};
use super::scan;

/// The first byte of version-3 messages.
pub const VERSION_BYTE: u8 = 0x34;

/// A ratchet message (libsignal: `SignalMessage`), decoded.
#[derive(Clone, Debug)]
pub struct RatchetMessage {
    pub version_byte: u8,
    pub ratchet_key: Public,
    pub counter: u32,
    pub previous_counter: u32,
    pub ciphertext: Vec<u8>,
    /// Version byte and protobuf as received: what the MAC covers.
    pub signed_part: Vec<u8>,
    pub mac: [u8; 8],
}

/// A prekey message, decoded.
#[derive(Clone, Debug)]
pub struct PrekeyMessage {
    pub version_byte: u8,
    pub one_time_prekey_id: Option<u32>,
    pub base_key: Public,
    pub identity_key: Public,
    /// The whole ratchet message.
    pub message: Vec<u8>,
    pub registration_id: u32,
    pub signed_prekey_id: u32,
}

#[derive(Clone, PartialEq, Message)]
pub struct RatchetFields {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub ratchet_key: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "2")]
    pub counter: Option<u32>,
    #[prost(uint32, optional, tag = "3")]
    pub previous_counter: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub ciphertext: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PrekeyFields {
    #[prost(uint32, optional, tag = "1")]
    pub one_time_prekey_id: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub base_key: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub identity_key: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub message: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "5")]
    pub registration_id: Option<u32>,
    #[prost(uint32, optional, tag = "6")]
    pub signed_prekey_id: Option<u32>,
    #[prost(uint32, optional, tag = "7")]
    pub kyber_prekey_id: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "8")]
    pub kyber_ciphertext: Option<Vec<u8>>,
}

const RATCHET_TYPES: &[(u64, u8)] = &[(1, 2), (2, 0), (3, 0), (4, 2)];
const PREKEY_TYPES: &[(u64, u8)] =
    &[(1, 0), (2, 2), (3, 2), (4, 2), (5, 0), (6, 0), (7, 0), (8, 2)];

/// Decodes a ratchet message of at least 9 bytes.
pub fn decode_ratchet_message(
    bytes: &[u8],
    profile: Profile,
    bugs: Bugs,
) -> Outcome<RatchetMessage> {
    if bytes.len() < 9 {
        return Err(too_short(bugs));
    }
    check_version(bytes[0], bugs)?;
    let (signed_part, mac) = bytes.split_at(bytes.len() - 8);
    let fields: RatchetFields = decode_fields(&signed_part[1..], RATCHET_TYPES, bugs)?;
    let lax = bugs.has(Bug::Wire12MessageFieldsDefaulted);
    if fields.previous_counter.is_none() && bugs.has(Bug::Wire14DefaultsRefused) {
        return Err(Fault::malformed("no previous_counter"));
    }
    let ratchet_key = required(fields.ratchet_key, lax, &ZERO_KEY.to_vec(), "ratchet key")?;
    let ratchet_key = decode_public(&ratchet_key, profile, bugs)?;
    let counter_lax = lax || bugs.has(Bug::Wire2ZeroCounterLeftOut);
    Ok(RatchetMessage {
        version_byte: bytes[0],
        ratchet_key,
        counter: required(fields.counter, counter_lax, &0, "counter")?,
        previous_counter: fields.previous_counter.unwrap_or(0),
        ciphertext: required(fields.ciphertext, lax, &Vec::new(), "ciphertext")?,
        signed_part: signed_part.to_vec(),
        mac: <[u8; 8]>::try_from(mac).unwrap_or_default(),
    })
}

/// Decodes a prekey message; the ratchet message inside must be decodable too.
pub fn decode_prekey_message(bytes: &[u8], profile: Profile, bugs: Bugs) -> Outcome<PrekeyMessage> {
    let Some(&version_byte) = bytes.first() else {
        return Err(too_short(bugs));
    };
    check_version(version_byte, bugs)?;
    if version_byte & 0x0f != 4 && bugs.has(Bug::Wire15LowNibbleChecked) {
        return Err(Fault::new(Code::UnknownVersion, "low nibble"));
    }
    let fields: PrekeyFields = decode_fields(&bytes[1..], PREKEY_TYPES, bugs)?;
    let lax = bugs.has(Bug::Wire13PrekeyFieldsDefaulted);
    if fields.registration_id.is_none() && bugs.has(Bug::Wire14DefaultsRefused) {
        return Err(Fault::malformed("no registration id"));
    }
    let (kyber_id, kyber_ct) = (fields.kyber_prekey_id, fields.kyber_ciphertext);
    let base_key = required(fields.base_key, lax, &ZERO_KEY.to_vec(), "base key")?;
    let identity_key = required(fields.identity_key, lax, &ZERO_KEY.to_vec(), "identity key")?;
    let message = required(fields.message, lax, &Vec::new(), "message")?;
    let signed_prekey_id = required(fields.signed_prekey_id, lax, &0, "signed prekey id")?;
    let base_key = decode_public(&base_key, profile, bugs)?;
    check_kyber(version_byte, kyber_id.is_some(), kyber_ct.is_some(), bugs)?;
    let identity_key = decode_public(&identity_key, profile, bugs)?;
    decode_ratchet_message(&message, profile, bugs)?;
    Ok(PrekeyMessage {
        version_byte,
        one_time_prekey_id: fields.one_time_prekey_id,
        base_key,
        identity_key,
        message,
        registration_id: fields.registration_id.unwrap_or(0),
        signed_prekey_id,
    })
}

const ZERO_KEY: [u8; 33] = {
    let mut key = [0; 33];
    key[0] = 5;
    key
};

fn too_short(bugs: Bugs) -> Fault {
    if bugs.has(Bug::Wire9ShortMessageMalformed) {
        return Fault::malformed("too short");
    }
    Fault::new(Code::TooShort, "too short")
}

fn check_version(byte: u8, bugs: Bugs) -> Outcome<()> {
    let version = byte >> 4;
    if version < 3 && !bugs.has(Bug::Wire10LegacyAccepted) {
        return Err(Fault::new(Code::LegacyVersion, format!("version {version}")));
    }
    if version > 4 && !bugs.has(Bug::Wire11FutureAccepted) {
        return Err(Fault::new(Code::UnknownVersion, format!("version {version}")));
    }
    Ok(())
}

/// Version 3 has no Kyber field; version 4 (both fields, or the nibble) is another suite.
fn check_kyber(version_byte: u8, id: bool, ciphertext: bool, bugs: Bugs) -> Outcome<()> {
    if id != ciphertext && !bugs.has(Bug::Wire16KyberFieldsIgnored) {
        return Err(Fault::invalid("one Kyber field without the other"));
    }
    if id && ciphertext {
        return Err(Fault::invalid("a version-4 handshake"));
    }
    if version_byte >> 4 == 4 && !bugs.has(Bug::Session21VersionIgnored) {
        return Err(Fault::invalid("version 4 without Kyber fields"));
    }
    Ok(())
}

fn required<T: Clone>(field: Option<T>, lax: bool, default: &T, name: &str) -> Outcome<T> {
    match field {
        Some(value) => Ok(value),
        None if lax => Ok(default.clone()),
        None => Err(Fault::malformed(format!("no {name}"))),
    }
}

fn decode_fields<M: Message + Default>(
    bytes: &[u8],
    types: &[(u64, u8)],
    bugs: Bugs,
) -> Outcome<M> {
    let bytes = scan::as_a_bug_reads(bytes, types, bugs)?;
    M::decode(bytes.as_slice()).map_err(|error| Fault::malformed(error.to_string()))
}

/// What goes into a ratchet message. Keys are any bytes, so that wrong ones can be written.
#[derive(Clone, Debug)]
pub struct RatchetParts {
    pub version_byte: u8,
    pub ratchet_key: Vec<u8>,
    pub counter: u32,
    pub previous_counter: u32,
    pub ciphertext: Vec<u8>,
}

/// What goes into a prekey message.
#[derive(Clone, Debug)]
pub struct PrekeyParts {
    pub version_byte: u8,
    pub one_time_prekey_id: Option<u32>,
    pub base_key: Vec<u8>,
    pub identity_key: Vec<u8>,
    pub message: Vec<u8>,
    pub registration_id: u32,
    pub signed_prekey_id: u32,
}

/// Version byte ‖ protobuf, without the MAC.
pub fn encode_signal_message(parts: &RatchetParts, bugs: Bugs) -> Vec<u8> {
    let mut out = vec![parts.version_byte];
    put_bytes(&mut out, 1, &parts.ratchet_key);
    put_number(&mut out, 2, parts.counter, bugs);
    put_number(&mut out, 3, parts.previous_counter, bugs);
    put_bytes(&mut out, 4, &parts.ciphertext);
    out
}

/// Version byte ‖ protobuf.
pub fn encode_prekey_message(parts: &PrekeyParts, bugs: Bugs) -> Vec<u8> {
    let mut out = vec![parts.version_byte];
    if let Some(id) = parts.one_time_prekey_id {
        put_number(&mut out, 1, id, Bugs::NONE);
    }
    put_bytes(&mut out, 2, &parts.base_key);
    put_bytes(&mut out, 3, &parts.identity_key);
    put_bytes(&mut out, 4, &parts.message);
    put_number(&mut out, 5, parts.registration_id, bugs);
    put_number(&mut out, 6, parts.signed_prekey_id, Bugs::NONE);
    out
}

fn put_number(out: &mut Vec<u8>, number: u64, value: u32, bugs: Bugs) {
    if value == 0 && bugs.has(Bug::Wire2ZeroCounterLeftOut) {
        return;
    }
    put_varint_field(out, number, u64::from(value));
}

/// Writes the key of a field: number and wire type, any of both.
pub fn put_tag(out: &mut Vec<u8>, number: u64, wire_type: u8) {
    put_varint(out, number << 3 | u64::from(wire_type), 1);
}

/// Writes a number field.
pub fn put_varint_field(out: &mut Vec<u8>, number: u64, value: u64) {
    put_tag(out, number, 0);
    put_varint(out, value, 1);
}

/// Writes a number field whose value takes at least `width` bytes (not minimal).
pub fn put_wide_varint_field(out: &mut Vec<u8>, number: u64, value: u64, width: usize) {
    put_tag(out, number, 0);
    put_varint(out, value, width);
}

/// Writes a byte field.
pub fn put_bytes(out: &mut Vec<u8>, number: u64, value: &[u8]) {
    put_tag(out, number, 2);
    put_varint(out, value.len() as u64, 1);
    out.extend_from_slice(value);
}

/// Writes a varint of at least `width` bytes.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut written = 1;
    while value >= 0x80 || written < width {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
        written += 1;
    }
    out.push(value as u8);
}
