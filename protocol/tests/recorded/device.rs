//! One recorded device: its keys, whom it trusts, and a record for each peer.

use std::collections::HashMap;

use countersign_protocol::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId, UnixMillis};
use countersign_protocol::keys::{IdentityKeyPair, PrivateKey, PublicKey, Signature};
use countersign_protocol::prekeys::{Bundle, HeldPrekeys, OneTimePrekey, SignedPrekey};
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use countersign_protocol::session::{
    EncryptedMessage, LocalDevice, ReceivedMessage, SessionRecord,
};
use serde_json::Value;

use crate::given_rng::GivenRng;
use crate::transcript::{bytes, number, text};

#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) version: String,
    identity: IdentityKeyPair,
    registration_id: RegistrationId,
    prekeys: Prekeys,
    trusted: HashMap<String, PublicKey>,
    records: HashMap<String, SessionRecord>,
}

#[derive(Clone)]
struct Prekeys {
    signed: HashMap<u32, PrivateKey>,
    one_time: HashMap<u32, PrivateKey>,
}

impl HeldPrekeys for Prekeys {
    fn signed_prekey(&self, id: SignedPrekeyId) -> Option<PrivateKey> {
        self.signed.get(&id.0).cloned()
    }

    fn one_time_prekey(&self, id: OneTimePrekeyId) -> Option<PrivateKey> {
        self.one_time.get(&id.0).cloned()
    }

    fn was_accepted(&self, _: SignedPrekeyId, _: &PublicKey) -> bool {
        false
    }
}

impl Device {
    pub(crate) fn of(party: &Value) -> Self {
        let private = |value: &Value| PrivateKey::from_bytes(bytes(value).try_into().unwrap());
        let keys = |list: &Value| {
            let list = list.as_array().unwrap().iter();
            list.map(|key| (number(&key["id"]), private(&key["private"]))).collect()
        };
        Self {
            version: text(&party["libsignal"]).to_owned(),
            identity: IdentityKeyPair::from_private(private(&party["identity_private"])),
            registration_id: RegistrationId(number(&party["registration_id"])),
            prekeys: Prekeys {
                signed: keys(&party["signed_prekeys"]),
                one_time: keys(&party["one_time_prekeys"]),
            },
            trusted: HashMap::new(),
            records: HashMap::new(),
        }
    }

    fn local(&self) -> LocalDevice<'_> {
        LocalDevice {
            identity: &self.identity,
            registration_id: self.registration_id,
            profile: Profile::Compatible,
            accept_x3dh: true,
        }
    }

    pub(crate) fn initiate(&mut self, peer: &str, step: &Value) -> Result<(), Problem> {
        let bundle = bundle(&step["bundle"])?;
        let rng = &step["rng"];
        let mut rng = GivenRng::of([&rng["base_private"], &rng["ratchet_private"]]);
        let mut record = self.records.get(peer).cloned().unwrap_or_default();
        record.initiate(&self.local(), self.trusted.get(peer), &bundle, now(step), &mut rng)?;
        rng.assert_drawn();
        self.records.insert(peer.to_owned(), record);
        self.trusted.insert(peer.to_owned(), bundle.identity_key);
        Ok(())
    }

    pub(crate) fn encrypt(
        &mut self,
        peer: &str,
        step: &Value,
    ) -> Result<EncryptedMessage, Problem> {
        let record = self.records.get_mut(peer).ok_or(Problem::NoSession)?;
        record.encrypt(self.trusted.get(peer), &bytes(&step["plaintext"]), now(step))
    }

    pub(crate) fn decrypt(
        &mut self,
        peer: &str,
        step: &Value,
        message: &EncryptedMessage,
    ) -> Result<Vec<u8>, Problem> {
        let mut rng = GivenRng::of([&step["rng"]["ratchet_private"]]);
        let mut record = self.records.remove(peer).unwrap_or_default();
        let received = ReceivedMessage { kind: message.kind, bytes: &message.bytes };
        let trusted = self.trusted.get(peer);
        let done = record.decrypt(&self.local(), trusted, received, &self.prekeys, &mut rng);
        if !record.is_empty() {
            self.records.insert(peer.to_owned(), record);
        }
        let decrypted = done?;
        rng.assert_drawn();
        self.trusted.insert(peer.to_owned(), decrypted.identity_key);
        let used = decrypted.accepted.and_then(|accepted| accepted.one_time_prekey);
        let recorded = &step["store"]["removed_one_time_prekeys"];
        assert_eq!(used.map(|id| id.0), recorded.get(0).map(number), "the one-time prekey used");
        used.map(|id| self.prekeys.one_time.remove(&id.0));
        Ok(decrypted.plaintext)
    }

    pub(crate) fn archive(&mut self, peer: &str) -> Result<(), Problem> {
        self.records.get_mut(peer).ok_or(Problem::NoSession)?.archive_current()
    }

    pub(crate) fn delete(&mut self, peer: &str) -> Result<(), Problem> {
        self.records.remove(peer).map(drop).ok_or(Problem::NoSession)
    }

    pub(crate) fn trust(&mut self, peer: &str, key: &[u8]) -> Result<(), Problem> {
        let key = PublicKey::decode(key, Profile::Compatible)?;
        self.trusted.insert(peer.to_owned(), key);
        Ok(())
    }

    pub(crate) fn remove_key(&mut self, step: &Value) -> Result<(), Problem> {
        let keys = match text(&step["what"]) {
            "signed" => &mut self.prekeys.signed,
            "one_time" => &mut self.prekeys.one_time,
            what => panic!("unknown kind of key {what}"),
        };
        keys.remove(&number(&step["id"])).map(drop).ok_or(Problem::Internal)
    }

    /// The stored form of the record with `peer`, which must read back as it was.
    pub(crate) fn state(&self, peer: &str) -> Vec<u8> {
        let record = self.records.get(peer).cloned().unwrap_or_default();
        let stored = record.to_bytes().to_vec();
        assert_eq!(*SessionRecord::from_bytes(&stored).unwrap().to_bytes(), stored);
        stored
    }

    /// The stored form as it would be after one more message, which settles what is computed late.
    pub(crate) fn state_after_sending(&self, peer: &str) -> Vec<u8> {
        let mut record = self.records[peer].clone();
        record.encrypt(None, b"", UnixMillis(0)).unwrap();
        record.to_bytes().to_vec()
    }
}

fn now(step: &Value) -> UnixMillis {
    UnixMillis(step["now_ms"].as_u64().unwrap_or(1_700_000_000_000))
}

fn bundle(bundle: &Value) -> Result<Bundle, Problem> {
    let key = |name: &str| PublicKey::decode(&bytes(&bundle[name]), Profile::Compatible);
    Ok(Bundle {
        registration_id: RegistrationId(number(&bundle["registration_id"])),
        identity_key: key("identity_key")?,
        signed_prekey: SignedPrekey {
            id: SignedPrekeyId(number(&bundle["signed_pre_key_id"])),
            public: key("signed_pre_key")?,
            signature: Signature::decode(&bytes(&bundle["signed_pre_key_signature"]))?,
        },
        one_time_prekey: match &bundle["pre_key_id"] {
            Value::Null => None,
            id => Some(OneTimePrekey { id: OneTimePrekeyId(number(id)), public: key("pre_key")? }),
        },
    })
}
