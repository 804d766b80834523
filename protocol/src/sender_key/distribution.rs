//! `SenderKeyDistributionMessage` = `0x33 ‖ protobuf`, unsigned. Spec: `spec/wire.md`.

use super::DistributionId;
use super::message::{VERSION_BYTE, after_version_byte};
use super::state::SenderKeyState;
use crate::keys::PublicKey;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::ChainKey;
use crate::wire::protobuf::{bytes_len, fields, put_bytes, put_uint32, uint32_len};

/// A sender key as it is handed to the members of a group: the chain from some iteration on.
///
/// Holds a chain key: it travels in pairwise sessions only.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// The distribution id that the key is for.
    pub id: DistributionId,
    /// Which of the sender's chains.
    pub chain_id: u32,
    /// The first iteration that the receiver will be able to decrypt.
    pub iteration: u32,
    /// The chain key of that iteration.
    pub(super) chain_key: ChainKey,
    pub(super) signing_key: PublicKey,
}

impl Distribution {
    pub(super) fn of(id: DistributionId, state: &SenderKeyState) -> Self {
        Self {
            id,
            chain_id: state.chain_id,
            iteration: state.chain.next,
            chain_key: state.chain.chain_key.clone(),
            signing_key: state.signing_key,
        }
    }

    /// Writes the message.
    pub fn encode(&self) -> Vec<u8> {
        let length = 1
            + bytes_len(16)
            + uint32_len(self.chain_id)
            + uint32_len(self.iteration)
            + bytes_len(32)
            + bytes_len(PublicKey::LEN);
        let mut out = Vec::with_capacity(length);
        out.push(VERSION_BYTE);
        put_bytes(&mut out, 1, &self.id.0);
        put_uint32(&mut out, 2, self.chain_id);
        put_uint32(&mut out, 3, self.iteration);
        put_bytes(&mut out, 4, self.chain_key.as_bytes());
        put_bytes(&mut out, 5, &self.signing_key.to_bytes());
        out
    }

    /// Reads a message.
    ///
    /// # Errors
    /// `too_short` below 65 bytes, `legacy_version`, `unknown_version`; `malformed` when the
    /// protobuf is broken, a field is absent, the distribution id is not 16 bytes, the chain key
    /// not 32 or the signing key not 33; the errors of [`PublicKey::decode`].
    pub fn decode(bytes: &[u8], profile: Profile) -> Result<Self, Problem> {
        let (mut id, mut chain_id, mut iteration) = (None, None, None);
        let (mut chain_key, mut signing_key) = (None, None);
        for field in fields(after_version_byte(bytes)?) {
            let field = field?;
            match field.number {
                1 => id = Some(field.bytes()?),
                2 => chain_id = Some(field.uint32()?),
                3 => iteration = Some(field.uint32()?),
                4 => chain_key = Some(field.bytes()?),
                5 => signing_key = Some(field.bytes()?),
                _ => {}
            }
        }
        let chain_key = chain_key.and_then(|key| key.try_into().ok()).ok_or(Problem::Malformed)?;
        let signing_key: &[u8; PublicKey::LEN] =
            signing_key.and_then(|key| key.try_into().ok()).ok_or(Problem::Malformed)?;
        Ok(Self {
            id: DistributionId::decode(id)?,
            chain_id: chain_id.ok_or(Problem::Malformed)?,
            iteration: iteration.ok_or(Problem::Malformed)?,
            chain_key: ChainKey::from_bytes(chain_key),
            signing_key: PublicKey::decode(signing_key, profile)?,
        })
    }
}
