//! One hash over everything that a device keeps.

use countersign_protocol::keys::KeyPair;
use sha2::{Digest, Sha256};

use super::sessions::Sessions;
use super::{Address, Device, Party};

impl Party {
    /// SHA-256 over the whole state: equal before and after exactly when nothing changed.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hash = Hash(Sha256::new());
        hash.device(&self.device);
        for (id, held) in &self.prekeys.signed {
            hash.part("signed prekey", &id.0.to_be_bytes());
            hash.pair(&held.pair);
            hash.part("signature", held.signature.as_bytes());
            hash.part("made", &held.made.0.to_be_bytes());
        }
        for (id, held) in &self.prekeys.one_time {
            hash.part("one-time prekey", &id.0.to_be_bytes());
            hash.pair(&held.pair);
            hash.part(
                "signature",
                held.signature.as_ref().map_or(&[], |signature| signature.as_bytes()),
            );
        }
        hash.part("accepted", &self.prekeys.accepted.to_bytes());
        for (address, identity_key) in &self.trusted {
            hash.address("trusted", address);
            hash.part("identity key", identity_key.as_u());
        }
        match &self.sessions {
            Sessions::SignalV3(records) => {
                for (address, record) in records {
                    hash.address("sessions", address);
                    hash.part("record", &record.to_bytes());
                }
            }
            Sessions::Native(records) => {
                for (name, record) in records {
                    hash.part("sessions", &name.to_bytes());
                    hash.part("record", &record.to_bytes());
                }
            }
        }
        for (id, record) in &self.own_sender_keys {
            hash.part("own sender key", &id.0);
            hash.part("record", &record.to_bytes());
        }
        for ((address, id), record) in &self.sender_keys {
            hash.address("sender key", address);
            hash.part("distribution", &id.0);
            hash.part("record", &record.to_bytes());
        }
        hash.0.finalize().into()
    }
}

/// Every part goes in with its name and its length, so that no two states look alike.
struct Hash(Sha256);

impl Hash {
    fn part(&mut self, name: &str, bytes: &[u8]) {
        for field in [name.as_bytes(), bytes] {
            self.0.update((field.len() as u64).to_be_bytes());
            self.0.update(field);
        }
    }

    fn address(&mut self, name: &str, address: &Address) {
        self.part(name, address.name.as_bytes());
        self.part("device", &[address.device_id.number()]);
    }

    fn pair(&mut self, pair: &KeyPair) {
        self.part("private key", pair.private().as_bytes());
    }

    fn device(&mut self, device: &Device) {
        self.address("own address", &device.address);
        self.part("own name", &device.name.to_bytes());
        self.part("registration id", &device.registration_id.0.to_be_bytes());
        self.part("identity", device.identity.private().as_bytes());
        let choices = format!("{:?} {:?} {}", device.suite, device.profile, device.accept_x3dh);
        self.part("choices", choices.as_bytes());
    }
}
