//! Sender key messages and distribution messages.
//! Spec: spec/groups.md, spec/wire.md

use prost::Message as _;

use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::{Private, Profile, Public, decode_public};
use crate::naive::xeddsa::{self, Rule};

/// Message version 3, written by version 3.
pub const VERSION: u8 = 0x33;
/// The signature at the end of a sender key message.
pub const SIGNATURE: usize = 64;
/// Both messages have at least this many bytes.
pub const LEAST: usize = 65;

/// The protobuf of a sender key message.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct MessageFields {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub distribution_id: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "2")]
    pub chain_id: Option<u32>,
    #[prost(uint32, optional, tag = "3")]
    pub iteration: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub ciphertext: Option<Vec<u8>>,
}

/// The protobuf of a distribution message.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct DistributionFields {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub distribution_id: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "2")]
    pub chain_id: Option<u32>,
    #[prost(uint32, optional, tag = "3")]
    pub iteration: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub chain_key: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub signing_key: Option<Vec<u8>>,
}

/// A sender key message without its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderKeyMessage {
    pub distribution_id: [u8; 16],
    pub chain_id: u32,
    pub iteration: u32,
    pub ciphertext: Vec<u8>,
}

/// A distribution message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    pub distribution_id: [u8; 16],
    pub chain_id: u32,
    pub iteration: u32,
    pub chain_key: [u8; 32],
    pub signing_key: Public,
}

impl SenderKeyMessage {
    pub fn fields(&self) -> MessageFields {
        MessageFields {
            distribution_id: Some(self.distribution_id.to_vec()),
            chain_id: Some(self.chain_id),
            iteration: Some(self.iteration),
            ciphertext: Some(self.ciphertext.clone()),
        }
    }

    /// version byte ‖ protobuf ‖ signature. `z`: the signature's 64 random bytes.
    pub fn encode(&self, signing: &Private, z: &[u8; 64], bugs: Bugs) -> Vec<u8> {
        signed(VERSION, &self.fields().encode_to_vec(), signing, z, bugs)
    }

    /// Decodes all but the signature.
    ///
    /// Refuses with `too_short`, `legacy_version`, `unknown_version` and `malformed`.
    pub fn decode(bytes: &[u8], bugs: Bugs) -> Outcome<Self> {
        let body = body(bytes, SIGNATURE, bugs)?;
        let fields = MessageFields::decode(body).map_err(|_| Fault::malformed("protobuf"))?;
        Ok(Self {
            distribution_id: sized(fields.distribution_id, bugs)?,
            chain_id: present(fields.chain_id)?,
            iteration: present(fields.iteration)?,
            ciphertext: present(fields.ciphertext)?,
        })
    }
}

/// version byte ‖ protobuf ‖ signature over both. Any bytes may stand for the protobuf.
pub fn signed(
    version: u8,
    protobuf: &[u8],
    signing: &Private,
    z: &[u8; 64],
    bugs: Bugs,
) -> Vec<u8> {
    let mut out = vec![version];
    out.extend_from_slice(protobuf);
    let covered = if bugs.has(Bug::Group5VersionNotSigned) { protobuf } else { &out };
    let signature = xeddsa::sign(signing, covered, z, Rule::Libsignal, bugs);
    out.extend_from_slice(&signature);
    out
}

impl Distribution {
    pub fn fields(&self) -> DistributionFields {
        DistributionFields {
            distribution_id: Some(self.distribution_id.to_vec()),
            chain_id: Some(self.chain_id),
            iteration: Some(self.iteration),
            chain_key: Some(self.chain_key.to_vec()),
            signing_key: Some(self.signing_key.to_vec()),
        }
    }

    /// version byte ‖ protobuf.
    pub fn encode(&self) -> Vec<u8> {
        [vec![VERSION], self.fields().encode_to_vec()].concat()
    }

    /// Refuses like [`SenderKeyMessage::decode`], and with the errors of key decoding.
    pub fn decode(bytes: &[u8], profile: Profile, bugs: Bugs) -> Outcome<Self> {
        let body = body(bytes, 0, bugs)?;
        let fields = DistributionFields::decode(body).map_err(|_| Fault::malformed("protobuf"))?;
        let signing_key: Public = sized(fields.signing_key, bugs)?;
        Ok(Self {
            distribution_id: sized(fields.distribution_id, bugs)?,
            chain_id: present(fields.chain_id)?,
            iteration: present(fields.iteration)?,
            chain_key: sized(fields.chain_key, bugs)?,
            signing_key: decode_public(&signing_key, profile, bugs)?,
        })
    }
}

/// What stands between the version byte and the last `tail` bytes.
fn body(bytes: &[u8], tail: usize, bugs: Bugs) -> Outcome<&[u8]> {
    if bytes.len() < LEAST {
        let code = if bugs.has(Bug::Group20ShortMessageMalformed) {
            Code::Malformed
        } else {
            Code::TooShort
        };
        return Err(Fault::new(code, format!("{} bytes", bytes.len())));
    }
    let nibble = bytes[0] >> 4;
    if !bugs.has(Bug::Group21VersionIgnored) {
        match nibble {
            0..3 => return Err(Fault::new(Code::LegacyVersion, format!("version {nibble}"))),
            3 => {}
            _ => return Err(Fault::new(Code::UnknownVersion, format!("version {nibble}"))),
        }
    }
    Ok(&bytes[1..bytes.len() - tail])
}

fn present<T>(field: Option<T>) -> Outcome<T> {
    field.ok_or_else(|| Fault::malformed("field absent"))
}

fn sized<const N: usize>(field: Option<Vec<u8>>, bugs: Bugs) -> Outcome<[u8; N]> {
    let bytes = present(field)?;
    if bugs.has(Bug::Group22FieldsPadded) {
        return Ok(std::array::from_fn(|index| bytes.get(index).copied().unwrap_or(0)));
    }
    bytes.try_into().map_err(|_| Fault::malformed("length of a field"))
}
