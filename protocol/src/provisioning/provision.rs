//! What a new device is given.

use core::fmt;

use zeroize::Zeroizing;

use crate::ids::DeviceId;
use crate::keys::PrivateKey;
use crate::name::AccountId;
use crate::primitives::secret::Secret;
use crate::problem::Problem;
use crate::wire::fixed::Reader;

/// Private key, account id, device id, length.
const FIXED_LEN: usize = 32 + 16 + 1 + 2;

/// Everything a new device needs to become one of the account.
pub struct Provision {
    /// The account's identity key.
    pub identity_private: PrivateKey,
    /// The account.
    pub account_id: AccountId,
    /// The device id that the server reserved.
    pub device_id: DeviceId,
    /// What logs the new device in, once: at most 65535 bytes.
    pub link_token: Zeroizing<String>,
}

impl Provision {
    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let length =
            u16::try_from(self.link_token.len()).map_err(|_too_long| Problem::Malformed)?;
        let mut out = Zeroizing::new(Vec::with_capacity(FIXED_LEN + self.link_token.len()));
        out.extend_from_slice(self.identity_private.as_bytes());
        out.extend_from_slice(&self.account_id.0);
        out.push(self.device_id.number());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(self.link_token.as_bytes());
        Ok(out)
    }

    /// Reads the one encoding of a provision, in which the private key is clamped.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        Self::read(bytes).ok_or(Problem::Malformed)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let private = Secret::new(*reader.array()?);
        let identity_private = PrivateKey::from_bytes(*private);
        let account_id = AccountId(*reader.array()?);
        let device_id = DeviceId::new(reader.u8()?)?;
        let length = usize::from(reader.u16()?);
        let token = core::str::from_utf8(reader.bytes(length)?).ok()?;
        reader.end()?;
        let link_token = Zeroizing::new(token.to_owned());
        let clamped = identity_private.as_bytes() == private.as_bytes();
        clamped.then_some(Self { identity_private, account_id, device_id, link_token })
    }
}

impl fmt::Debug for Provision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provision(..)")
    }
}
