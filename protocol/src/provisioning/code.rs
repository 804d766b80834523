//! The code that a new device shows.

use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::keys::PublicKey;
use crate::primitives::secret::Secret;
use crate::problem::Problem;
use crate::wire::fixed::Reader;

const PREFIX: &str = "countersign-link:1:";
/// Slot, key, secret.
const LEN: usize = 16 + 32 + 16;

/// Names the place on the server where the envelope is left: the 16 bytes of a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlotId(pub [u8; 16]);

/// What only those two devices know: 16 bytes, wiped when dropped.
#[derive(Clone)]
pub struct LinkSecret(Secret<16>);

impl LinkSecret {
    /// Draws 16 bytes.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut secret = Secret::new([0; 16]);
        rng.fill_bytes(secret.as_mut());
        Self(secret)
    }

    /// Takes the bytes as they are.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Secret::new(bytes))
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(..)")
    }
}

/// What a new device shows, for a person to scan with an old one.
#[derive(Clone, Debug)]
pub struct LinkCode {
    /// Where the envelope is expected.
    pub slot_id: SlotId,
    /// The new device's ephemeral key.
    pub ephemeral: PublicKey,
    /// What the server does not know.
    pub secret: LinkSecret,
}

impl LinkCode {
    /// `countersign-link:1:` and 86 characters of base64url without padding.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LEN));
        bytes.extend_from_slice(&self.slot_id.0);
        bytes.extend_from_slice(self.ephemeral.as_u());
        bytes.extend_from_slice(self.secret.as_bytes());
        let encoded = Zeroizing::new(Base64UrlUnpadded::encode_string(&bytes));
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + encoded.len()));
        text.push_str(PREFIX);
        text.push_str(&encoded);
        text
    }

    /// Reads a scanned text.
    ///
    /// # Errors
    /// `unknown_version` for a text with another beginning, `malformed` for a wrong length or
    /// anything that is not canonical base64url, `bad_key` for a key that is not canonical.
    pub fn from_text(text: &str) -> Result<Self, Problem> {
        let encoded = text.strip_prefix(PREFIX).ok_or(Problem::UnknownVersion)?;
        let mut bytes = Zeroizing::new([0; LEN]);
        let decoded = Base64UrlUnpadded::decode(encoded, &mut *bytes)
            .map_err(|_not_canonical| Problem::Malformed)?;
        let code = Self::read(decoded).ok_or(Problem::Malformed)?;
        if code.ephemeral.is_canonical() { Ok(code) } else { Err(Problem::BadKey) }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let slot_id = SlotId(*reader.array()?);
        let ephemeral = PublicKey::from_u(*reader.array()?);
        let secret = LinkSecret::from_bytes(*reader.array()?);
        reader.end()?;
        Some(Self { slot_id, ephemeral, secret })
    }
}
