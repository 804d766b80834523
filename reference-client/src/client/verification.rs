//! Safety numbers: what two people compare to know that they hold each other's identity keys.

use countersign_protocol::fingerprint::{Fingerprint, Side};

use super::{Client, contacts, own};
use crate::api::Account;
use crate::error::{ClientError, Result};

/// As libsignal counts.
const ITERATIONS: u32 = 5200;
const VERSION: u32 = 2;

/// What one side of a conversation shows.
#[derive(Clone, Debug)]
pub struct SafetyNumber {
    /// 60 digits, the same on both screens.
    pub digits: String,
    /// The code that the other side scans.
    pub scannable: Vec<u8>,
    /// Whether it was compared before, for the same key.
    pub verified: bool,
}

impl Client {
    /// The safety number with an account.
    ///
    /// # Errors
    /// The server's, when nothing is known of the account yet.
    pub async fn safety_number(&self, with: Account) -> Result<SafetyNumber> {
        let fingerprint = self.fingerprint(with).await?;
        Ok(SafetyNumber {
            digits: fingerprint.display(),
            scannable: fingerprint.scannable().encode(),
            verified: self.contact(with)?.verified,
        })
    }

    /// Compares a code that was scanned from the other side's screen; whether it fits.
    ///
    /// # Errors
    /// `fingerprint_malformed`, `fingerprint_version`.
    pub async fn compare(&self, with: Account, scanned: &[u8]) -> Result<bool> {
        let fits = self.fingerprint(with).await?.scannable().compare(scanned)?;
        if fits {
            self.set_verified(with, true)?;
        }
        Ok(fits)
    }

    /// Remembers that a person has compared the numbers, or has not.
    ///
    /// # Errors
    /// [`ClientError::State`] when nothing is known of the account.
    pub fn set_verified(&self, account: Account, verified: bool) -> Result<()> {
        self.vault.write(|entries| {
            let contact = contacts::find(entries, account.0)?;
            let mut contact =
                contact.ok_or(ClientError::State("nothing is known of this account"))?;
            contact.verified = verified;
            Ok(contacts::put(entries, account.0, &contact)?)
        })
    }

    /// The account's private identity key, 32 bytes, for a backup that is sealed elsewhere. Whoever
    /// has it is the account.
    ///
    /// # Errors
    /// [`ClientError::State`] when there is none yet.
    pub fn identity_private(&self) -> Result<zeroize::Zeroizing<[u8; 32]>> {
        let me = self.vault.read(own::me)?;
        Ok(zeroize::Zeroizing::new(*me.identity.private().as_bytes()))
    }

    async fn fingerprint(&self, with: Account) -> Result<Fingerprint> {
        self.list_of(with).await?;
        let (me, theirs) = self.vault.read(|entries| {
            Ok::<_, ClientError>((
                own::registered(entries)?,
                contacts::trusted_key(entries, with.0)?,
            ))
        })?;
        let own = Side { identifier: &me.name.account_id.0, identity_key: me.identity.public() };
        let other = Side { identifier: with.bytes(), identity_key: &theirs };
        Ok(Fingerprint::compute(VERSION, ITERATIONS, own, other)?)
    }
}
