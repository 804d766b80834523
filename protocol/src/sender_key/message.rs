//! `SenderKeyMessage` = `0x33 ‖ protobuf ‖ signature 64`. Spec: `spec/wire.md`.

use super::DistributionId;
use crate::keys::Signature;
use crate::problem::Problem;
use crate::wire::protobuf::fields;

/// The version byte of both messages: this version and the oldest that can read it, 3 and 3.
pub(super) const VERSION_BYTE: u8 = 0x33;
const VERSION: u8 = 3;

/// The shortest message of either kind, in bytes.
const LENGTH_MIN: usize = 65;

/// Checks the length and the high nibble of the version byte, which is all that counts of it.
pub(super) fn after_version_byte(bytes: &[u8]) -> Result<&[u8], Problem> {
    let (version, rest) = bytes.split_first().ok_or(Problem::TooShort)?;
    if bytes.len() < LENGTH_MIN {
        return Err(Problem::TooShort);
    }
    match version >> 4 {
        ..VERSION => Err(Problem::LegacyVersion),
        VERSION => Ok(rest),
        _ => Err(Problem::UnknownVersion),
    }
}

/// A message to a group, as received: its signature is not verified yet.
#[derive(Clone, Debug)]
pub struct SenderKeyMessage<'a> {
    /// Whose record to look in.
    pub distribution_id: DistributionId,
    /// Which of the sender's chains.
    pub chain_id: u32,
    /// Which message of the chain.
    pub iteration: u32,
    pub(super) ciphertext: &'a [u8],
    /// Version byte ‖ protobuf.
    pub(super) signed: &'a [u8],
    pub(super) signature: Signature,
}

impl<'a> SenderKeyMessage<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// `too_short` below 65 bytes, `legacy_version`, `unknown_version`, or `malformed` when the
    /// protobuf is broken, a field is absent or the distribution id is not 16 bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Problem> {
        let rest = after_version_byte(bytes)?;
        let (protobuf, signature) = rest.split_last_chunk().ok_or(Problem::TooShort)?;
        let signed = bytes.get(..=protobuf.len()).ok_or(Problem::TooShort)?;
        let (mut id, mut chain_id, mut iteration, mut ciphertext) = (None, None, None, None);
        for field in fields(protobuf) {
            let field = field?;
            match field.number {
                1 => id = Some(field.bytes()?),
                2 => chain_id = Some(field.uint32()?),
                3 => iteration = Some(field.uint32()?),
                4 => ciphertext = Some(field.bytes()?),
                _ => {}
            }
        }
        Ok(Self {
            distribution_id: DistributionId::decode(id)?,
            chain_id: chain_id.ok_or(Problem::Malformed)?,
            iteration: iteration.ok_or(Problem::Malformed)?,
            ciphertext: ciphertext.ok_or(Problem::Malformed)?,
            signed,
            signature: Signature::from_bytes(*signature),
        })
    }
}

impl DistributionId {
    /// Reads the field of either message.
    pub(super) fn decode(field: Option<&[u8]>) -> Result<Self, Problem> {
        field.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(Problem::Malformed)
    }
}
