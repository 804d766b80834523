//! Sessions of one device with its peers, in the suite that the device was made for.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use countersign_protocol::ids::UnixMillis;
use countersign_protocol::keys::PublicKey;
use countersign_protocol::native::{self, DeviceName};
use countersign_protocol::problem::Problem;
use countersign_protocol::session::{self, EncryptedMessage, ReceivedMessage};
use zeroize::Zeroizing;

use super::prekeys::Accepted;
use super::{Address, Device, OfferedBundle, Party, Peer, Suite};
use crate::randomness::Randomness;
use crate::refusal::Refusal;

/// A record for each peer device.
#[derive(Clone, Debug)]
pub(super) enum Sessions {
    SignalV3(BTreeMap<Address, session::SessionRecord>),
    Native(BTreeMap<DeviceName, native::SessionRecord>),
}

impl Sessions {
    pub(super) const fn new(suite: Suite) -> Self {
        match suite {
            Suite::SignalV3 => Self::SignalV3(BTreeMap::new()),
            Suite::RatchetChaCha20 => Self::Native(BTreeMap::new()),
        }
    }
}

/// What both suites say of a message that decrypted.
struct Opened {
    plaintext: Vec<u8>,
    identity_key: PublicKey,
    /// Present when the message began a new session.
    accepted: Option<Accepted>,
}

impl Party {
    /// Begins a session with the owner of the bundle.
    pub(crate) fn initiate(
        &mut self,
        peer: &Peer,
        offered: &OfferedBundle,
        now: UnixMillis,
        randomness: &mut Randomness,
    ) -> Result<(), Refusal> {
        let address = peer.address();
        let trusted = self.trusted.get(&address);
        let identity_key = match &mut self.sessions {
            Sessions::SignalV3(records) => {
                let bundle = offered.decode(self.device.profile)?;
                in_record(records, address.clone(), |record| {
                    record.initiate(&signal_v3(&self.device), trusted, &bundle, now, randomness)
                })?;
                bundle.identity_key
            }
            Sessions::Native(records) => {
                let name = peer.name()?;
                let bundle = offered.decode_native()?;
                in_record(records, name, |record| {
                    record.initiate(&native(&self.device), &name, trusted, &bundle, now, randomness)
                })?;
                bundle.identity_key
            }
        };
        self.trust(address, identity_key);
        Ok(())
    }

    /// Encrypts `count` times in the current session with `peer`, and gives each message to `keep`.
    pub(crate) fn encrypt(
        &mut self,
        peer: &Peer,
        plaintext: &[u8],
        now: UnixMillis,
        count: u32,
        mut keep: impl FnMut(u32, &EncryptedMessage),
    ) -> Result<(), Refusal> {
        let address = peer.address();
        let trusted = self.trusted.get(&address);
        let remote_identity = match &mut self.sessions {
            Sessions::SignalV3(records) => {
                let record = records.get_mut(&address).ok_or(Problem::NoSession)?;
                for index in 0..count {
                    keep(index, &record.encrypt(trusted, plaintext, now)?);
                }
                record.remote().map(|(identity_key, _)| *identity_key)
            }
            Sessions::Native(records) => {
                let record = records.get_mut(&peer.name()?).ok_or(Problem::NoSession)?;
                for index in 0..count {
                    keep(index, &record.encrypt(trusted, plaintext, now)?);
                }
                record.remote().copied()
            }
        };
        if let Some(identity_key) = remote_identity {
            self.trust(address, identity_key);
        }
        Ok(())
    }

    /// Decrypts a message of `peer`.
    pub(crate) fn decrypt(
        &mut self,
        peer: &Peer,
        message: ReceivedMessage<'_>,
        randomness: &mut Randomness,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let address = peer.address();
        let (trusted, prekeys) = (self.trusted.get(&address), &self.prekeys);
        let opened: Opened = match &mut self.sessions {
            Sessions::SignalV3(records) => in_record(records, address.clone(), |record| {
                let local = signal_v3(&self.device);
                record.decrypt(&local, trusted, message, prekeys, randomness)
            })?
            .into(),
            Sessions::Native(records) => {
                let name = peer.name()?;
                in_record(records, name, |record| {
                    let local = native(&self.device);
                    record.decrypt(&local, &name, trusted, message, prekeys, randomness)
                })?
                .into()
            }
        };
        self.trust(address, opened.identity_key);
        if let Some(accepted) = &opened.accepted {
            self.prekeys.commit(accepted);
        }
        Ok(Zeroizing::new(opened.plaintext))
    }

    /// Archives the current session with `peer`.
    pub(crate) fn archive(&mut self, peer: &Peer) -> Result<(), Refusal> {
        match &mut self.sessions {
            Sessions::SignalV3(records) => {
                records.get_mut(&peer.address()).ok_or(Problem::NoSession)?.archive_current()?;
            }
            Sessions::Native(records) => {
                records.get_mut(&peer.name()?).ok_or(Problem::NoSession)?.archive_current()?;
            }
        }
        Ok(())
    }

    /// Loses all sessions with `peer`.
    pub(crate) fn delete(&mut self, peer: &Peer) -> Result<(), Refusal> {
        match &mut self.sessions {
            Sessions::SignalV3(records) => drop(records.remove(&peer.address())),
            Sessions::Native(records) => drop(records.remove(&peer.name()?)),
        }
        Ok(())
    }

    /// All sessions with `peer`, as bytes.
    pub(crate) fn export(&self, peer: &Peer) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        Ok(match &self.sessions {
            Sessions::SignalV3(records) => {
                records.get(&peer.address()).ok_or(Problem::NoSession)?.to_bytes()
            }
            Sessions::Native(records) => {
                records.get(&peer.name()?).ok_or(Problem::NoSession)?.to_bytes()
            }
        })
    }

    /// Takes the sessions with `peer` from bytes, instead of those that there are.
    pub(crate) fn import(&mut self, peer: &Peer, state: &[u8]) -> Result<(), Refusal> {
        match &mut self.sessions {
            Sessions::SignalV3(records) => {
                records.insert(peer.address(), session::SessionRecord::from_bytes(state)?);
            }
            Sessions::Native(records) => {
                records.insert(peer.name()?, native::SessionRecord::from_bytes(state)?);
            }
        }
        Ok(())
    }
}

/// Acts on the record of a peer. Where there was none it stays so unless the act succeeds.
fn in_record<K: Ord, R: Default, T>(
    records: &mut BTreeMap<K, R>,
    peer: K,
    act: impl FnOnce(&mut R) -> Result<T, Problem>,
) -> Result<T, Problem> {
    match records.entry(peer) {
        Entry::Occupied(mut record) => act(record.get_mut()),
        Entry::Vacant(place) => {
            let mut record = R::default();
            let done = act(&mut record)?;
            place.insert(record);
            Ok(done)
        }
    }
}

const fn signal_v3(device: &Device) -> session::LocalDevice<'_> {
    session::LocalDevice {
        identity: &device.identity,
        registration_id: device.registration_id,
        profile: device.profile,
        accept_x3dh: device.accept_x3dh,
    }
}

const fn native(device: &Device) -> native::LocalDevice<'_> {
    native::LocalDevice { name: device.name, identity: &device.identity }
}

impl From<session::Decrypted> for Opened {
    fn from(decrypted: session::Decrypted) -> Self {
        let accepted = decrypted.accepted.map(|accepted| Accepted {
            one_time_prekey: accepted.one_time_prekey,
            replay_key: accepted.replay_key().map(|(id, base_key)| (id, *base_key)),
        });
        Self { plaintext: decrypted.plaintext, identity_key: decrypted.identity_key, accepted }
    }
}

impl From<native::Decrypted> for Opened {
    fn from(decrypted: native::Decrypted) -> Self {
        let accepted = decrypted.accepted.map(|accepted| Accepted {
            one_time_prekey: accepted.one_time_prekey,
            replay_key: accepted.replay_key().map(|(id, ephemeral)| (id, *ephemeral)),
        });
        Self { plaintext: decrypted.plaintext, identity_key: decrypted.identity_key, accepted }
    }
}
