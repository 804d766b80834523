//! Sessions of one device with its peers.

use countersign_protocol::ids::UnixMillis;
use countersign_protocol::problem::Problem;
use countersign_protocol::session::{
    Decrypted, EncryptedMessage, LocalDevice, ReceivedMessage, SessionRecord,
};
use zeroize::Zeroizing;

use super::{Address, OfferedBundle, Party, Peer};
use crate::randomness::Randomness;

impl Party {
    /// Begins a session with the owner of `bundle`.
    pub(crate) fn initiate(
        &mut self,
        peer: &Peer,
        offered: &OfferedBundle,
        now: UnixMillis,
        randomness: &mut Randomness,
    ) -> Result<(), Problem> {
        let bundle = offered.decode(self.device.key_profile())?;
        let address = peer.address();
        let trusted = self.trusted.get(&address);
        let mut fresh = SessionRecord::new();
        let record = self.sessions.get_mut(&address).unwrap_or(&mut fresh);
        let local = local(&self.device);
        record.initiate(&local, trusted, &bundle, now, randomness)?;
        self.keep(address.clone(), fresh);
        self.trust(address, bundle.identity_key);
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
    ) -> Result<(), Problem> {
        let address = peer.address();
        let trusted = self.trusted.get(&address);
        let record = self.sessions.get_mut(&address).ok_or(Problem::NoSession)?;
        for index in 0..count {
            keep(index, &record.encrypt(trusted, plaintext, now)?);
        }
        if let (None, Some((identity_key, _))) = (trusted, record.remote()) {
            let identity_key = *identity_key;
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
    ) -> Result<Vec<u8>, Problem> {
        let address = peer.address();
        let trusted = self.trusted.get(&address);
        let mut fresh = SessionRecord::new();
        let record = self.sessions.get_mut(&address).unwrap_or(&mut fresh);
        let local = local(&self.device);
        let decrypted = record.decrypt(&local, trusted, message, &self.prekeys, randomness)?;
        self.keep(address.clone(), fresh);
        self.commit(address, &decrypted);
        Ok(decrypted.plaintext)
    }

    /// Stores a record that was made for an address without one.
    fn keep(&mut self, address: Address, fresh: SessionRecord) {
        if !fresh.is_empty() {
            self.sessions.insert(address, fresh);
        }
    }

    /// Stores what a message that decrypted changes beside its record.
    fn commit(&mut self, address: Address, decrypted: &Decrypted) {
        self.trust(address, decrypted.identity_key);
        let Some(accepted) = &decrypted.accepted else { return };
        if let Some(id) = accepted.one_time_prekey {
            self.prekeys.one_time.remove(&id);
        }
        if let Some((signed_prekey, base_key)) = accepted.replay_key() {
            self.prekeys.accepted.insert((signed_prekey, *base_key));
        }
    }

    /// Archives the current session with `peer`.
    pub(crate) fn archive(&mut self, peer: &Peer) -> Result<(), Problem> {
        self.sessions.get_mut(&peer.address()).ok_or(Problem::NoSession)?.archive_current()
    }

    /// Loses all sessions with `peer`.
    pub(crate) fn delete(&mut self, peer: &Peer) -> Result<(), Problem> {
        self.sessions.remove(&peer.address());
        Ok(())
    }

    /// All sessions with `peer`, as bytes.
    pub(crate) fn export(&self, peer: &Peer) -> Result<Zeroizing<Vec<u8>>, Problem> {
        Ok(self.sessions.get(&peer.address()).ok_or(Problem::NoSession)?.to_bytes())
    }

    /// Takes the sessions with `peer` from bytes, instead of those that there are.
    pub(crate) fn import(&mut self, peer: &Peer, state: &[u8]) -> Result<(), Problem> {
        let record = SessionRecord::from_bytes(state)?;
        self.sessions.insert(peer.address(), record);
        Ok(())
    }
}

const fn local(device: &super::Device) -> LocalDevice<'_> {
    LocalDevice {
        identity: &device.identity,
        registration_id: device.registration_id,
        profile: device.profile,
        accept_x3dh: device.accept_x3dh,
    }
}
