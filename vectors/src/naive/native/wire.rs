//! The encodings of suite `ratchet-chacha20`: fixed fields, big-endian, nothing left over.
//!
//! Spec: `spec/native.md#encodings`.

use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::{Profile, decode_public, raw, with_type};

/// First byte of every message.
pub const FORMAT: u8 = 1;
/// Number of the suite.
pub const SUITE: u16 = 0x0311;
/// `kind` of a handshake message.
pub const KIND_HANDSHAKE: u8 = 1;
/// `kind` of a ratchet message.
pub const KIND_RATCHET: u8 = 2;
/// Length of a ratchet message's header.
pub const HEADER: usize = 44;
/// Length of the tag at the end of a ratchet message.
pub const TAG: usize = 16;

/// The name of one incarnation of one device, 33 bytes on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceName {
    pub account_id: [u8; 16],
    pub device_id: u8,
    pub incarnation: [u8; 16],
}

impl DeviceName {
    pub fn encode(&self) -> Vec<u8> {
        [&self.account_id[..], &[self.device_id], &self.incarnation].concat()
    }
}

/// A ratchet message. `ratchet_key` is the u-coordinate's 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatchetMessage {
    pub ratchet_key: [u8; 32],
    pub previous_length: u32,
    pub counter: u32,
    /// ChaCha20-Poly1305, the 16-byte tag last.
    pub ciphertext: Vec<u8>,
}

impl RatchetMessage {
    /// The 44 bytes before the ciphertext.
    pub fn header(&self) -> Vec<u8> {
        let mut out = prefix(KIND_RATCHET);
        out.extend_from_slice(&self.ratchet_key);
        out.extend_from_slice(&self.previous_length.to_be_bytes());
        out.extend_from_slice(&self.counter.to_be_bytes());
        out
    }

    pub fn encode(&self) -> Vec<u8> {
        [self.header(), self.ciphertext.clone()].concat()
    }

    /// Refuses with `unknown_version`, `malformed` and `bad_key`.
    pub fn decode(bytes: &[u8], bugs: Bugs) -> Outcome<Self> {
        let mut input = Input { rest: bytes, bugs };
        input.prefix(KIND_RATCHET)?;
        let ratchet_key = input.array()?;
        let (previous_length, counter) = (input.u32()?, input.u32()?);
        if input.rest.len() < TAG {
            return Err(Fault::malformed("no room for a tag"));
        }
        canonical(&ratchet_key, bugs)?;
        Ok(Self { ratchet_key, previous_length, counter, ciphertext: input.rest.to_vec() })
    }
}

/// A handshake message: everything a responder needs, and the first ratchet message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeMessage {
    pub initiator: DeviceName,
    pub responder: DeviceName,
    pub initiator_identity: [u8; 32],
    pub ephemeral: [u8; 32],
    pub signed_prekey_id: u32,
    pub one_time_prekey_id: Option<u32>,
    /// A whole encoded ratchet message.
    pub message: Vec<u8>,
}

impl HandshakeMessage {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = prefix(KIND_HANDSHAKE);
        out.extend_from_slice(&self.initiator.encode());
        out.extend_from_slice(&self.responder.encode());
        out.extend_from_slice(&self.initiator_identity);
        out.extend_from_slice(&self.ephemeral);
        out.extend_from_slice(&self.signed_prekey_id.to_be_bytes());
        out.push(u8::from(self.one_time_prekey_id.is_some()));
        if let Some(id) = self.one_time_prekey_id {
            out.extend_from_slice(&id.to_be_bytes());
        }
        out.extend_from_slice(&self.message);
        out
    }

    /// Decodes the message and the ratchet message inside it.
    pub fn decode(bytes: &[u8], bugs: Bugs) -> Outcome<(Self, RatchetMessage)> {
        let mut input = Input { rest: bytes, bugs };
        input.prefix(KIND_HANDSHAKE)?;
        let (initiator, responder) = (input.device_name()?, input.device_name()?);
        let (initiator_identity, ephemeral) = (input.array()?, input.array()?);
        let signed_prekey_id = input.u32()?;
        let one_time_prekey_id = input.one_time_prekey_id()?;
        let message = input.rest.to_vec();
        let inner = RatchetMessage::decode(&message, bugs)?;
        canonical(&initiator_identity, bugs)?;
        canonical(&ephemeral, bugs)?;
        let decoded = Self {
            initiator,
            responder,
            initiator_identity,
            ephemeral,
            signed_prekey_id,
            one_time_prekey_id,
            message,
        };
        Ok((decoded, inner))
    }
}

/// format ‖ suite ‖ kind.
fn prefix(kind: u8) -> Vec<u8> {
    let suite = SUITE.to_be_bytes();
    vec![FORMAT, suite[0], suite[1], kind]
}

/// Refuses a u-coordinate of 2^255 - 19 or more with `bad_key`.
fn canonical(key: &[u8; 32], bugs: Bugs) -> Outcome<()> {
    let decoded = decode_public(&with_type(key), Profile::Native, bugs)?;
    debug_assert_eq!(raw(&decoded), *key);
    Ok(())
}

/// What is left to decode.
struct Input<'a> {
    rest: &'a [u8],
    bugs: Bugs,
}

impl Input<'_> {
    fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let mut out = [0; N];
        if self.rest.len() < N {
            if !self.bugs.has(Bug::Native15TruncationZeroFilled) {
                return Err(Fault::malformed("truncated"));
            }
            out[..self.rest.len()].copy_from_slice(self.rest);
            self.rest = &[];
            return Ok(out);
        }
        let (taken, rest) = self.rest.split_at(N);
        out.copy_from_slice(taken);
        self.rest = rest;
        Ok(out)
    }

    fn u32(&mut self) -> Outcome<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn prefix(&mut self, kind: u8) -> Outcome<()> {
        let [format, high, low, received_kind] = self.array()?;
        if self.bugs.has(Bug::Native14FormatIgnored) {
            return Ok(());
        }
        if format != FORMAT || u16::from_be_bytes([high, low]) != SUITE {
            return Err(Fault::new(Code::UnknownVersion, "format or suite"));
        }
        if received_kind != kind {
            return Err(Fault::malformed("kind"));
        }
        Ok(())
    }

    fn device_name(&mut self) -> Outcome<DeviceName> {
        let (account_id, [device_id]) = (self.array()?, self.array()?);
        let incarnation = self.array()?;
        if !(1..=127).contains(&device_id) && !self.bugs.has(Bug::Native15TruncationZeroFilled) {
            return Err(Fault::malformed("device id"));
        }
        Ok(DeviceName { account_id, device_id, incarnation })
    }

    fn one_time_prekey_id(&mut self) -> Outcome<Option<u32>> {
        match self.array()? {
            [0] => Ok(None),
            [1] => self.u32().map(Some),
            _ if self.bugs.has(Bug::Native15TruncationZeroFilled) => self.u32().map(Some),
            [_] => Err(Fault::malformed("more than one one-time prekey")),
        }
    }
}
