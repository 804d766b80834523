//! The two messages of the suite: fixed layouts, integers big-endian, canonical keys only.
//! Spec: `spec/native.md#wire`.

use super::DeviceName;
use crate::ids::{OneTimePrekeyId, SignedPrekeyId};
use crate::keys::PublicKey;
use crate::problem::Problem;
use crate::wire::fixed::Reader;

/// The suite's registered number.
pub(super) const SUITE: u16 = 0x0311;
const FORMAT: u8 = 1;
const KIND_HANDSHAKE: u8 = 1;
const KIND_RATCHET: u8 = 2;

/// The length of an AEAD tag, in bytes.
pub(super) const TAG_LEN: usize = 16;
/// The length of what stands before a ratchet message's ciphertext, in bytes.
pub(super) const HEADER_LEN: usize = 44;

/// The header of a ratchet message, which is authenticated with its ciphertext.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// The sender's ratchet key.
    pub(super) ratchet_key: PublicKey,
    /// How many messages the sender sent in its previous sending chain.
    pub(super) previous_length: u32,
    /// Which message of the chain, from 0.
    pub(super) counter: u32,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let parts = head(KIND_RATCHET)
            .into_iter()
            .chain(*self.ratchet_key.as_u())
            .chain(self.previous_length.to_be_bytes())
            .chain(self.counter.to_be_bytes());
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }
}

/// A ratchet message as received.
#[derive(Clone, Copy, Debug)]
pub(super) struct RatchetMessage<'a> {
    pub(super) header: Header,
    /// The header's bytes.
    pub(super) header_bytes: &'a [u8; HEADER_LEN],
    pub(super) ciphertext: &'a [u8],
    pub(super) tag: &'a [u8; TAG_LEN],
}

impl<'a> RatchetMessage<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// `unknown_version` for another format or suite, `malformed` for another kind or too few
    /// bytes, `bad_key` for a ratchet key that is not canonical.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, Problem> {
        let mut reader = after_head(bytes, KIND_RATCHET)?;
        let mut read = || {
            let fields = (reader.array()?, reader.u32()?, reader.u32()?);
            let (ciphertext, tag) = reader.rest().split_last_chunk()?;
            Some((fields, bytes.first_chunk()?, ciphertext, tag))
        };
        let (fields, header_bytes, ciphertext, tag) = read().ok_or(Problem::Malformed)?;
        let (ratchet_key, previous_length, counter) = fields;
        let header = Header { ratchet_key: canonical(ratchet_key)?, previous_length, counter };
        Ok(Self { header, header_bytes, ciphertext, tag })
    }
}

/// What a handshake message says beside the ratchet message within it.
#[derive(Clone, Copy, Debug)]
pub(super) struct HandshakeFields {
    pub(super) initiator: DeviceName,
    pub(super) responder: DeviceName,
    pub(super) initiator_identity: PublicKey,
    pub(super) ephemeral: PublicKey,
    pub(super) signed_prekey: SignedPrekeyId,
    pub(super) one_time_prekey: Option<OneTimePrekeyId>,
}

impl HandshakeFields {
    /// The length of the encoded form: 139 bytes, or 143 with a one-time prekey.
    pub(super) const fn encoded_len(&self) -> usize {
        let one_time_prekey = if self.one_time_prekey.is_some() { 4 } else { 0 };
        4 + 2 * DeviceName::LEN + 32 + 32 + 4 + 1 + one_time_prekey
    }

    /// Appends all that stands before the ratchet message.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&head(KIND_HANDSHAKE));
        out.extend_from_slice(&self.initiator.to_bytes());
        out.extend_from_slice(&self.responder.to_bytes());
        out.extend_from_slice(self.initiator_identity.as_u());
        out.extend_from_slice(self.ephemeral.as_u());
        out.extend_from_slice(&self.signed_prekey.0.to_be_bytes());
        out.push(u8::from(self.one_time_prekey.is_some()));
        if let Some(id) = self.one_time_prekey {
            out.extend_from_slice(&id.0.to_be_bytes());
        }
    }
}

/// A handshake message as received.
#[derive(Clone, Copy, Debug)]
pub(super) struct HandshakeMessage<'a> {
    pub(super) fields: HandshakeFields,
    pub(super) message: RatchetMessage<'a>,
}

impl<'a> HandshakeMessage<'a> {
    /// Reads a message: structure, then device ids, then keys, then the ratchet message.
    ///
    /// # Errors
    /// Those of [`RatchetMessage::decode`]; `malformed` also for more than one one-time prekey and
    /// a device id outside 1 to 127.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, Problem> {
        let raw =
            RawHandshake::read(after_head(bytes, KIND_HANDSHAKE)?).ok_or(Problem::Malformed)?;
        let [initiator, responder] = [raw.initiator, raw.responder].map(DeviceName::from_bytes);
        let fields = HandshakeFields {
            initiator: initiator.ok_or(Problem::Malformed)?,
            responder: responder.ok_or(Problem::Malformed)?,
            initiator_identity: canonical(raw.initiator_identity)?,
            ephemeral: canonical(raw.ephemeral)?,
            signed_prekey: raw.signed_prekey,
            one_time_prekey: raw.one_time_prekey,
        };
        Ok(Self { fields, message: RatchetMessage::decode(raw.message)? })
    }
}

/// A handshake message cut up, of which nothing is known yet but the lengths.
struct RawHandshake<'a> {
    initiator: &'a [u8; DeviceName::LEN],
    responder: &'a [u8; DeviceName::LEN],
    initiator_identity: &'a [u8; 32],
    ephemeral: &'a [u8; 32],
    signed_prekey: SignedPrekeyId,
    one_time_prekey: Option<OneTimePrekeyId>,
    message: &'a [u8],
}

impl<'a> RawHandshake<'a> {
    fn read(mut reader: Reader<'a>) -> Option<Self> {
        Some(Self {
            initiator: reader.array()?,
            responder: reader.array()?,
            initiator_identity: reader.array()?,
            ephemeral: reader.array()?,
            signed_prekey: SignedPrekeyId(reader.u32()?),
            one_time_prekey: match reader.u8()? {
                0 => None,
                1 => Some(OneTimePrekeyId(reader.u32()?)),
                _ => return None,
            },
            message: reader.rest(),
        })
    }
}

fn head(kind: u8) -> [u8; 4] {
    let [high, low] = SUITE.to_be_bytes();
    [FORMAT, high, low, kind]
}

/// Checks format, suite and kind, and reads on after them.
fn after_head(bytes: &[u8], kind: u8) -> Result<Reader<'_>, Problem> {
    let mut reader = Reader::new(bytes);
    let [format, high, low, read_kind] = *reader.array().ok_or(Problem::Malformed)?;
    if format != FORMAT || u16::from_be_bytes([high, low]) != SUITE {
        return Err(Problem::UnknownVersion);
    }
    if read_kind != kind {
        return Err(Problem::Malformed);
    }
    Ok(reader)
}

/// The key with this u-coordinate.
///
/// # Errors
/// `bad_key` when it is not canonical.
fn canonical(u: &[u8; 32]) -> Result<PublicKey, Problem> {
    let key = PublicKey::from_u(*u);
    if key.is_canonical() { Ok(key) } else { Err(Problem::BadKey) }
}
