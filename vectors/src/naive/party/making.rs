//! Making a party, its prekeys and its bundles.

use std::collections::{BTreeMap, BTreeSet};

use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::Outcome;
use crate::naive::groups::SenderKeys;
use crate::naive::keys::{KeyPair, Profile, Public, raw};
use crate::naive::native;
use crate::naive::primitives::Draws;
use crate::naive::wire::VERSION_BYTE;

use super::{Address, Bundle, BundleKey, OneTimePrekey, Party, SignedPrekey, Suite};

/// Making and changing a party.
impl Party {
    /// A device without prekeys and sessions.
    pub fn new(
        suite: Suite,
        profile: Profile,
        name: &str,
        device_id: u32,
        identity_private: [u8; 32],
        bugs: Bugs,
    ) -> Self {
        let native = suite == Suite::RatchetChacha20;
        Self {
            suite,
            profile: if native { Profile::Native } else { profile },
            bugs,
            name: name.to_owned(),
            device_id,
            registration_id: 1,
            identity: KeyPair::new(identity_private, bugs),
            incarnation: [0; 16],
            accept_x3dh: true,
            version_byte: VERSION_BYTE,
            signed_prekeys: BTreeMap::new(),
            one_time_prekeys: BTreeMap::new(),
            identities: BTreeMap::new(),
            records: BTreeMap::new(),
            replays: BTreeSet::new(),
            sender_keys: SenderKeys::default(),
            leaks: false,
        }
    }

    /// This device as its peers address it.
    pub fn address(&self) -> Address {
        let native = self.suite == Suite::RatchetChacha20;
        Address {
            name: self.name.clone(),
            device_id: self.device_id,
            incarnation: native.then_some(self.incarnation),
        }
    }

    /// Adds a signed prekey; signs it (draws 64) if no signature is given.
    pub fn add_signed_prekey(
        &mut self,
        id: u32,
        private: [u8; 32],
        timestamp_ms: u64,
        signature: Option<[u8; 64]>,
        draws: &mut Draws,
    ) -> Outcome<SignedPrekey> {
        let pair = KeyPair::new(private, self.bugs);
        let signature = match signature {
            Some(signature) => signature,
            None => self.sign(&self.signed_prekey_message(id, &pair.public), draws)?,
        };
        let prekey = SignedPrekey { pair, signature, timestamp_ms };
        self.signed_prekeys.insert(id, prekey.clone());
        Ok(prekey)
    }

    fn signed_prekey_message(&self, id: u32, public: &Public) -> Vec<u8> {
        if self.suite == Suite::RatchetChacha20 {
            return native::signed_prekey_message(id, public, self.bugs);
        }
        if self.bugs.has(Bug::Prekey1RawKeySigned) {
            return raw(public).to_vec();
        }
        public.to_vec()
    }

    /// Adds a one-time prekey; suite ratchet-chacha20 signs it (draws 64) if no signature is given.
    pub fn add_one_time_prekey(
        &mut self,
        id: u32,
        private: [u8; 32],
        signature: Option<[u8; 64]>,
        draws: &mut Draws,
    ) -> Outcome<OneTimePrekey> {
        let pair = KeyPair::new(private, self.bugs);
        let signature = match (self.suite, signature) {
            (Suite::SignalV3, _) => None,
            (Suite::RatchetChacha20, Some(signature)) => Some(signature),
            (Suite::RatchetChacha20, None) => {
                let message = native::one_time_prekey_message(id, &pair.public, self.bugs);
                Some(self.sign(&message, draws)?)
            }
        };
        let prekey = OneTimePrekey { pair, signature };
        self.one_time_prekeys.insert(id, prekey.clone());
        Ok(prekey)
    }

    /// Removes a signed prekey and what the replay cache holds for it.
    pub fn remove_signed_prekey(&mut self, id: u32) {
        self.signed_prekeys.remove(&id);
        self.replays.retain(|(signed_prekey_id, _)| *signed_prekey_id != id);
    }

    pub fn newest_signed_prekey_id(&self) -> Option<u32> {
        let newest = self.signed_prekeys.iter().max_by_key(|(id, key)| (key.timestamp_ms, **id));
        newest.map(|(id, _)| *id)
    }

    pub fn newest_signed_prekey(&self) -> Option<&SignedPrekey> {
        self.signed_prekeys.get(&self.newest_signed_prekey_id()?)
    }

    /// The bundle of these prekeys; None if one of them does not exist.
    pub fn bundle(&self, signed_prekey_id: u32, one_time_prekey_id: Option<u32>) -> Option<Bundle> {
        let signed = self.signed_prekeys.get(&signed_prekey_id)?;
        let one_time_prekey = match one_time_prekey_id {
            None => None,
            Some(id) => {
                let key = self.one_time_prekeys.get(&id)?;
                Some(BundleKey {
                    id,
                    public: key.pair.public.to_vec(),
                    signature: key.signature.map(|signature| signature.to_vec()),
                })
            }
        };
        let native = self.suite == Suite::RatchetChacha20;
        Some(Bundle {
            registration_id: self.registration_id,
            device_id: self.device_id,
            identity_key: self.identity.public.to_vec(),
            signed_prekey: BundleKey {
                id: signed_prekey_id,
                public: signed.pair.public.to_vec(),
                signature: Some(signed.signature.to_vec()),
            },
            one_time_prekey,
            name: native.then(|| self.name.clone()),
            incarnation: native.then_some(self.incarnation),
        })
    }

    /// From now on `identity` is the trusted key of this name and device.
    pub fn trust(&mut self, peer: &Address, identity: Public) {
        self.identities.insert((peer.name.clone(), peer.device_id), identity);
    }
}
