//! The prekeys of this device: drawn and stored first, published afterwards.

use countersign_protocol::ids::{OneTimePrekeyId, SignedPrekeyId, UnixMillis};
use countersign_protocol::keys::{IdentityKeyPair, KeyPair, PrivateKey, PublicKey, Signature};
use countersign_protocol::native;
use countersign_protocol::prekeys as signal;
use countersign_protocol::profile::Profile;
use countersign_protocol::registration::{
    PublishedOneTimePrekey, PublishedSignedPrekey, SuitePrekeys,
};
use countersign_protocol::suite::{Level, SuiteId};
use countersign_protocol::xeddsa::{Rule, SigningKey};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::api::Binary;
use crate::api::keys as wire;
use crate::clock::random;
use crate::error::Result;
use crate::vault::{Entries, Table, VaultError, from_json};

/// How many one-time prekeys are uploaded at a time.
pub(super) const BATCH: u32 = 100;

/// A prekey in the vault.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct HeldPrekey {
    #[zeroize(skip)]
    pub(super) public: Binary,
    private: [u8; 32],
    #[zeroize(skip)]
    pub(super) signature: Option<Binary>,
    /// Whether the server is known to have it.
    pub(super) published: bool,
    /// When another took its place; 0 while none has.
    pub(super) replaced_at: u64,
}

impl HeldPrekey {
    fn new(pair: &KeyPair, signature: Option<&Signature>) -> Self {
        Self {
            public: pair.public().to_bytes().into(),
            private: *pair.private().as_bytes(),
            signature: signature.map(|signature| signature.as_bytes().into()),
            published: false,
            replaced_at: 0,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "what the core's trait wants")]
    pub(super) fn private(&self) -> Option<PrivateKey> {
        Some(PrivateKey::from_bytes(self.private))
    }
}

/// Whether a suite has prekeys: the ratchets have, boxes have not.
pub(super) fn has_prekeys(suite: SuiteId) -> bool {
    suite.level() > Some(Level::Box)
}

/// Draws a signed prekey and stores it.
pub(super) fn draw_signed(
    entries: &Entries<'_>,
    identity: &IdentityKeyPair,
    suite: SuiteId,
) -> Result<SignedPrekeyId, VaultError> {
    let id = SignedPrekeyId(last_id(entries, Table::SignedPrekeys, suite)?.saturating_add(1));
    let pair = KeyPair::generate(&mut random());
    let signing = signing_key(identity, suite);
    let signature = if suite == SuiteId::SIGNAL_V3 {
        signal::SignedPrekey::sign(id, *pair.public(), &signing, &mut random()).signature
    } else {
        native::SignedPrekey::sign(id, *pair.public(), &signing, &mut random()).signature
    };
    put(entries, Table::SignedPrekeys, suite, id.0, &HeldPrekey::new(&pair, Some(&signature)))?;
    Ok(id)
}

/// Draws one-time prekeys and stores them. Their ids follow all that there ever were.
pub(super) fn draw_one_time(
    entries: &Entries<'_>,
    identity: &IdentityKeyPair,
    suite: SuiteId,
    count: u32,
) -> Result<(), VaultError> {
    let first = last_one_time_id(entries, suite)?.saturating_add(1);
    let signing = signing_key(identity, suite);
    for id in first..first.saturating_add(count) {
        let pair = KeyPair::generate(&mut random());
        let signature = (suite != SuiteId::SIGNAL_V3).then(|| {
            let id = OneTimePrekeyId(id);
            native::OneTimePrekey::sign(id, *pair.public(), &signing, &mut random()).signature
        });
        let prekey = HeldPrekey::new(&pair, signature.flatten().as_ref());
        put(entries, Table::OneTimePrekeys, suite, id, &prekey)?;
    }
    // Used ones are deleted, so the highest id has to be remembered apart.
    let last = first.saturating_add(count).saturating_sub(1);
    entries.put(Table::Own, &last_place(suite), &last.to_be_bytes())
}

fn last_one_time_id(entries: &Entries<'_>, suite: SuiteId) -> Result<u32, VaultError> {
    let stored = entries.find(Table::Own, &last_place(suite))?;
    let stored = stored.and_then(|bytes| bytes.as_slice().try_into().ok());
    Ok(stored.map_or(0, u32::from_be_bytes))
}

fn last_place(suite: SuiteId) -> Vec<u8> {
    [b"last one-time prekey ".as_slice(), &suite.0.to_be_bytes()].concat()
}

fn signing_key(identity: &IdentityKeyPair, suite: SuiteId) -> SigningKey {
    let rule = if suite == SuiteId::SIGNAL_V3 { Rule::Libsignal } else { Rule::Paper };
    SigningKey::new(identity.private(), rule)
}

fn place(suite: SuiteId, id: u32) -> [u8; 6] {
    let ([a, b], [c, d, e, f]) = (suite.0.to_be_bytes(), id.to_be_bytes());
    [a, b, c, d, e, f]
}

fn put(
    entries: &Entries<'_>,
    table: Table,
    suite: SuiteId,
    id: u32,
    prekey: &HeldPrekey,
) -> Result<(), VaultError> {
    entries.put_json(table, &place(suite, id), prekey)
}

/// All prekeys of a kind and suite, by ascending id.
fn all(
    entries: &Entries<'_>,
    table: Table,
    suite: SuiteId,
) -> Result<Vec<(u32, HeldPrekey)>, VaultError> {
    let stored = entries.scan_prefix(table, &suite.0.to_be_bytes())?;
    let read = stored.iter().map(|(key, value)| {
        let id = key.last_chunk().map_or(0, |id| u32::from_be_bytes(*id));
        Ok((id, from_json(value)?))
    });
    read.collect()
}

fn last_id(entries: &Entries<'_>, table: Table, suite: SuiteId) -> Result<u32, VaultError> {
    Ok(all(entries, table, suite)?.last().map_or(0, |(id, _)| *id))
}

pub(super) fn find_signed(
    entries: &Entries<'_>,
    suite: SuiteId,
    id: SignedPrekeyId,
) -> Result<Option<HeldPrekey>, VaultError> {
    entries.find_json(Table::SignedPrekeys, &place(suite, id.0))
}

pub(super) fn find_one_time(
    entries: &Entries<'_>,
    suite: SuiteId,
    id: OneTimePrekeyId,
) -> Result<Option<HeldPrekey>, VaultError> {
    entries.find_json(Table::OneTimePrekeys, &place(suite, id.0))
}

/// Forgets a one-time prekey that was used.
pub(super) fn remove_one_time(
    entries: &Entries<'_>,
    suite: SuiteId,
    id: OneTimePrekeyId,
) -> Result<bool, VaultError> {
    entries.remove(Table::OneTimePrekeys, &place(suite, id.0))
}

/// The newest signed prekey of a suite.
pub(super) fn newest_signed(
    entries: &Entries<'_>,
    suite: SuiteId,
) -> Result<Option<(u32, HeldPrekey)>, VaultError> {
    Ok(all(entries, Table::SignedPrekeys, suite)?.pop())
}

/// The server has this signed prekey now: those before it are kept until `forget_before`.
pub(super) fn signed_was_published(
    entries: &Entries<'_>,
    suite: SuiteId,
    published: u32,
    now: UnixMillis,
    overlap_millis: u64,
) -> Result<(), VaultError> {
    let mut replays = super::sessions::replays(entries, suite)
        .map_err(|_broken| VaultError::Damaged("the replay cache is broken"))?;
    for (id, mut prekey) in all(entries, Table::SignedPrekeys, suite)? {
        if id == published {
            prekey.published = true;
        } else if id < published && prekey.replaced_at == 0 {
            prekey.replaced_at = now.0;
        } else if prekey.replaced_at != 0 && prekey.replaced_at + overlap_millis <= now.0 {
            entries.remove(Table::SignedPrekeys, &place(suite, id))?;
            replays.forget(SignedPrekeyId(id));
            continue;
        }
        put(entries, Table::SignedPrekeys, suite, id, &prekey)?;
    }
    super::sessions::put_replays(entries, suite, &replays)
}

/// One-time prekeys that the server is not known to have.
pub(super) fn unpublished(
    entries: &Entries<'_>,
    suite: SuiteId,
) -> Result<Vec<(u32, HeldPrekey)>, VaultError> {
    let mut prekeys = all(entries, Table::OneTimePrekeys, suite)?;
    prekeys.retain(|(_, prekey)| !prekey.published);
    Ok(prekeys)
}

/// The server has these one-time prekeys now.
pub(super) fn were_published(
    entries: &Entries<'_>,
    suite: SuiteId,
    ids: &[u32],
) -> Result<(), VaultError> {
    for id in ids {
        // A message may have used it up meanwhile.
        if let Some(mut prekey) = find_one_time(entries, suite, OneTimePrekeyId(*id))? {
            prekey.published = true;
            put(entries, Table::OneTimePrekeys, suite, *id, &prekey)?;
        }
    }
    Ok(())
}

/// Forgets one-time prekeys that the server will not take.
pub(super) fn discard_unpublished(entries: &Entries<'_>, suite: SuiteId) -> Result<(), VaultError> {
    for (id, _) in unpublished(entries, suite)? {
        entries.remove(Table::OneTimePrekeys, &place(suite, id))?;
    }
    Ok(())
}

pub(super) fn signed_on_wire(id: u32, prekey: &HeldPrekey) -> wire::SignedPrekey {
    let signature = prekey.signature.clone().unwrap_or_default();
    wire::SignedPrekey { id, public: prekey.public.clone(), signature }
}

pub(super) fn one_time_on_wire(id: u32, prekey: &HeldPrekey) -> wire::OneTimePrekey {
    wire::OneTimePrekey { id, public: prekey.public.clone(), signature: prekey.signature.clone() }
}

/// What of a signed prekey is signed and digested.
pub(super) fn signed_as_published(id: u32, prekey: &HeldPrekey) -> Option<PublishedSignedPrekey> {
    Some(PublishedSignedPrekey {
        id: SignedPrekeyId(id),
        public: PublicKey::decode(&prekey.public.0, Profile::Strict).ok()?,
        signature: Signature::from_bytes(prekey.signature.as_ref()?.array()?),
    })
}

/// Everything that is published of a suite with a registration.
pub(super) fn suite_as_published(
    suite: SuiteId,
    signed: &(u32, HeldPrekey),
    one_time: &[(u32, HeldPrekey)],
) -> Option<SuitePrekeys> {
    let one_time_prekeys = one_time.iter().map(|(id, prekey)| {
        let signature = match &prekey.signature {
            Some(bytes) => Some(Signature::from_bytes(bytes.array()?)),
            None => None,
        };
        let public = PublicKey::decode(&prekey.public.0, Profile::Strict).ok()?;
        Some(PublishedOneTimePrekey { id: OneTimePrekeyId(*id), public, signature })
    });
    Some(SuitePrekeys {
        suite,
        signed_prekey: signed_as_published(signed.0, &signed.1)?,
        one_time_prekeys: one_time_prekeys.collect::<Option<_>>()?,
    })
}
