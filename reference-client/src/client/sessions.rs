//! Sessions of the ratchet suites, as one type.

use std::cell::RefCell;

use countersign_protocol::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId, UnixMillis};
use countersign_protocol::keys::{PrivateKey, PublicKey, Signature};
use countersign_protocol::name::DeviceName;
use countersign_protocol::prekeys::HeldPrekeys;
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use countersign_protocol::replay_cache::ReplayCache;
use countersign_protocol::session::{EncryptedMessage, ReceivedMessage};
use countersign_protocol::suite::SuiteId;
use countersign_protocol::{native, prekeys as signal_prekeys, session as signal};
use zeroize::Zeroizing;

use super::own::Me;
use super::prekeys::{HeldPrekey, find_one_time, find_signed};
use crate::api::keys::{ClaimedDevice, OneTimePrekey, SignedPrekey};
use crate::clock::random;
use crate::error::{ClientError, Result};
use crate::vault::{Entries, Table, VaultError};

/// All sessions with one peer device in one suite.
pub(super) enum Sessions {
    Signal(Box<signal::SessionRecord>),
    Native(Box<native::SessionRecord>),
}

/// What a message held, and which prekeys it used up.
pub(super) struct Opened {
    pub(super) plaintext: Zeroizing<Vec<u8>>,
    pub(super) one_time_prekey: Option<OneTimePrekeyId>,
    pub(super) replay_key: Option<(SignedPrekeyId, PublicKey)>,
}

impl Sessions {
    /// The sessions in the vault, or none.
    pub(super) fn load(entries: &Entries<'_>, suite: SuiteId, peer: &DeviceName) -> Result<Self> {
        let stored = entries.find(Table::Sessions, &place(suite, peer))?;
        let broken = |_problem| VaultError::Damaged("a session is broken");
        Ok(match (suite, stored) {
            (SuiteId::SIGNAL_V3, Some(bytes)) => {
                Self::Signal(Box::new(signal::SessionRecord::from_bytes(&bytes).map_err(broken)?))
            }
            (SuiteId::SIGNAL_V3, None) => Self::Signal(Box::default()),
            (SuiteId::RATCHET_CHACHA20, Some(bytes)) => {
                Self::Native(Box::new(native::SessionRecord::from_bytes(&bytes).map_err(broken)?))
            }
            (SuiteId::RATCHET_CHACHA20, None) => Self::Native(Box::default()),
            _ => return Err(Problem::NoCommonSuite.into()),
        })
    }

    pub(super) fn store(
        &self,
        entries: &Entries<'_>,
        suite: SuiteId,
        peer: &DeviceName,
    ) -> Result<(), VaultError> {
        let bytes = match self {
            Self::Signal(record) => record.to_bytes(),
            Self::Native(record) => record.to_bytes(),
        };
        entries.put(Table::Sessions, &place(suite, peer), &bytes)
    }

    pub(super) fn can_encrypt(&self, now: UnixMillis) -> bool {
        match self {
            Self::Signal(record) => record.can_encrypt(now),
            Self::Native(record) => record.can_encrypt(now),
        }
    }

    /// Begins a session from prekeys that were claimed.
    ///
    /// # Errors
    /// `bundle_incomplete`, `bundle_signature_invalid`, and those of the suite.
    pub(super) fn initiate(
        &mut self,
        me: &Me,
        peer: &DeviceName,
        trusted: &PublicKey,
        claimed: &ClaimedDevice,
        now: UnixMillis,
    ) -> Result<()> {
        let result = match self {
            Self::Signal(record) => {
                let bundle = signal_bundle(claimed, trusted)?;
                record.initiate(&signal_device(me), Some(trusted), &bundle, now, &mut random())
            }
            Self::Native(record) => {
                let bundle = native_bundle(claimed, peer, trusted)?;
                let local = native_device(me);
                record.initiate(&local, peer, Some(trusted), &bundle, now, &mut random())
            }
        };
        result.map_err(|problem| {
            ClientError::Rule(match problem {
                Problem::BadSignature => Problem::BundleSignatureInvalid,
                other => other,
            })
        })
    }

    pub(super) fn encrypt(
        &mut self,
        trusted: &PublicKey,
        plaintext: &[u8],
        now: UnixMillis,
    ) -> Result<EncryptedMessage, Problem> {
        match self {
            Self::Signal(record) => record.encrypt(Some(trusted), plaintext, now),
            Self::Native(record) => record.encrypt(Some(trusted), plaintext, now),
        }
    }

    pub(super) fn decrypt(
        &mut self,
        entries: &Entries<'_>,
        me: &Me,
        peer: &DeviceName,
        trusted: &PublicKey,
        message: ReceivedMessage<'_>,
    ) -> Result<Opened> {
        let suite = match self {
            Self::Signal(_) => SuiteId::SIGNAL_V3,
            Self::Native(_) => SuiteId::RATCHET_CHACHA20,
        };
        let held = VaultPrekeys { entries, suite, failure: RefCell::new(None) };
        let opened = match self {
            Self::Signal(record) => record
                .decrypt(&signal_device(me), Some(trusted), message, &held, &mut random())
                .map(|decrypted| Opened {
                    replay_key: replay_key(
                        decrypted.accepted.as_ref().and_then(|a| a.replay_key()),
                    ),
                    one_time_prekey: decrypted.accepted.and_then(|a| a.one_time_prekey),
                    plaintext: decrypted.plaintext.into(),
                }),
            Self::Native(record) => record
                .decrypt(&native_device(me), peer, Some(trusted), message, &held, &mut random())
                .map(|decrypted| Opened {
                    replay_key: replay_key(
                        decrypted.accepted.as_ref().and_then(|a| a.replay_key()),
                    ),
                    one_time_prekey: decrypted.accepted.and_then(|a| a.one_time_prekey),
                    plaintext: decrypted.plaintext.into(),
                }),
        };
        // A vault that failed is no verdict on the message.
        match held.failure.into_inner() {
            Some(failure) => Err(failure.into()),
            None => Ok(opened?),
        }
    }

    /// Sends by another session from now on; what the peer still sends in this one is read.
    pub(super) fn archive(&mut self) {
        let _no_session = match self {
            Self::Signal(record) => record.archive_current(),
            Self::Native(record) => record.archive_current(),
        };
    }
}

fn place(suite: SuiteId, peer: &DeviceName) -> Vec<u8> {
    [&suite.0.to_be_bytes()[..], &peer.to_bytes()].concat()
}

fn replay_key(key: Option<(SignedPrekeyId, &PublicKey)>) -> Option<(SignedPrekeyId, PublicKey)> {
    key.map(|(id, public)| (id, *public))
}

const fn signal_device(me: &Me) -> signal::LocalDevice<'_> {
    signal::LocalDevice {
        identity: &me.identity,
        registration_id: me.registration_id(),
        profile: Profile::Strict,
        accept_x3dh: true,
    }
}

const fn native_device(me: &Me) -> native::LocalDevice<'_> {
    native::LocalDevice { name: me.name, identity: &me.identity }
}

fn signal_bundle(
    claimed: &ClaimedDevice,
    identity_key: &PublicKey,
) -> Result<signal_prekeys::Bundle> {
    let (id, public, signature) = signed_parts(&claimed.signed_prekey)?;
    let one_time_prekey = claimed.one_time_prekey.as_ref().map(|prekey| {
        let (id, public) = one_time_parts(prekey)?;
        Ok::<_, ClientError>(signal_prekeys::OneTimePrekey { id, public })
    });
    Ok(signal_prekeys::Bundle {
        registration_id: RegistrationId(claimed.registration_id),
        identity_key: *identity_key,
        signed_prekey: signal_prekeys::SignedPrekey { id, public, signature },
        one_time_prekey: one_time_prekey.transpose()?,
    })
}

fn native_bundle(
    claimed: &ClaimedDevice,
    name: &DeviceName,
    identity_key: &PublicKey,
) -> Result<native::Bundle> {
    let (id, public, signature) = signed_parts(&claimed.signed_prekey)?;
    let one_time_prekey = claimed.one_time_prekey.as_ref().map(|prekey| {
        let (id, public) = one_time_parts(prekey)?;
        let signature = prekey.signature.as_ref().ok_or(Problem::BundleIncomplete)?;
        let signature = Some(signature_of(&signature.0)?);
        Ok::<_, ClientError>(native::OneTimePrekey { id, public, signature })
    });
    Ok(native::Bundle {
        name: *name,
        identity_key: *identity_key,
        signed_prekey: native::SignedPrekey { id, public, signature },
        one_time_prekey: one_time_prekey.transpose()?,
    })
}

fn signed_parts(prekey: &SignedPrekey) -> Result<(SignedPrekeyId, PublicKey, Signature)> {
    let signature = signature_of(&prekey.signature.0)?;
    Ok((SignedPrekeyId(prekey.id), public(&prekey.public.0)?, signature))
}

fn one_time_parts(prekey: &OneTimePrekey) -> Result<(OneTimePrekeyId, PublicKey)> {
    Ok((OneTimePrekeyId(prekey.id), public(&prekey.public.0)?))
}

fn public(bytes: &[u8]) -> Result<PublicKey, Problem> {
    PublicKey::decode(bytes, Profile::Strict).map_err(|_problem| Problem::BundleIncomplete)
}

fn signature_of(bytes: &[u8]) -> Result<Signature, Problem> {
    Signature::decode(bytes).map_err(|_problem| Problem::BundleIncomplete)
}

/// The prekeys in the vault. A read that fails looks like a prekey that is not there, and is told
/// apart afterwards.
struct VaultPrekeys<'a> {
    entries: &'a Entries<'a>,
    suite: SuiteId,
    failure: RefCell<Option<VaultError>>,
}

impl VaultPrekeys<'_> {
    fn noting<T: Default>(&self, result: Result<T, VaultError>) -> T {
        result.unwrap_or_else(|error| {
            self.failure.replace(Some(error));
            T::default()
        })
    }
}

impl HeldPrekeys for VaultPrekeys<'_> {
    fn signed_prekey(&self, id: SignedPrekeyId) -> Option<PrivateKey> {
        let held = self.noting(find_signed(self.entries, self.suite, id));
        held.as_ref().and_then(HeldPrekey::private)
    }

    fn one_time_prekey(&self, id: OneTimePrekeyId) -> Option<PrivateKey> {
        let held = self.noting(find_one_time(self.entries, self.suite, id));
        held.as_ref().and_then(HeldPrekey::private)
    }

    fn was_accepted(&self, signed_prekey: SignedPrekeyId, base_key: &PublicKey) -> bool {
        let cache = self.noting(replays(self.entries, self.suite).map(Some));
        cache.is_some_and(|cache| cache.contains(signed_prekey, base_key))
    }
}

/// The first messages without a one-time prekey that were accepted.
pub(super) fn replays(entries: &Entries<'_>, suite: SuiteId) -> Result<ReplayCache, VaultError> {
    let stored = entries.find(Table::Replays, &suite.0.to_be_bytes())?;
    let cache = stored.map(|bytes| ReplayCache::from_bytes(&bytes)).transpose();
    cache
        .map(Option::unwrap_or_default)
        .map_err(|_problem| VaultError::Damaged("the replay cache is broken"))
}

pub(super) fn put_replays(
    entries: &Entries<'_>,
    suite: SuiteId,
    cache: &ReplayCache,
) -> Result<(), VaultError> {
    entries.put(Table::Replays, &suite.0.to_be_bytes(), &cache.to_bytes())
}
