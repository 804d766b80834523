//! Bytes as the line protocol writes them: lower-case hexadecimal, never anything else.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use zeroize::Zeroizing;

/// Exactly `N` bytes.
#[derive(Clone)]
pub(crate) struct Hex<const N: usize>(pub(crate) Zeroizing<[u8; N]>);

/// Any number of bytes.
#[derive(Clone)]
pub(crate) struct HexBytes(pub(crate) Zeroizing<Vec<u8>>);

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = HexBytes::deserialize(deserializer)?;
        let array = bytes.0.as_slice().try_into().map_err(|_| de::Error::custom("wrong length"))?;
        Ok(Self(Zeroizing::new(array)))
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(HexVisitor)
    }
}

struct HexVisitor;

impl Visitor<'_> for HexVisitor {
    type Value = HexBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lower-case hexadecimal")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<HexBytes, E> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(E::custom("upper-case hexadecimal"));
        }
        hex::decode(text)
            .map(|bytes| HexBytes(Zeroizing::new(bytes)))
            .map_err(|_| E::custom("not hexadecimal"))
    }
}
