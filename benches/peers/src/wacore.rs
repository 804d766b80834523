//! wacore-libsignal: a tuned port of libsignal's version 3 wire, the fastest of its kind. Sessions are checked out of its
//! store by move, as its own application does, so that no clone of a record is on the path.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Mutex;

use async_trait::async_trait;
use futures::executor::block_on;
use wacore_libsignal::protocol::{
    CiphertextMessage, Direction, GenericSignedPreKey as _, IdentityChange, IdentityKey,
    IdentityKeyPair, IdentityKeyStore, KeyPair, PreKeyBundle, PreKeyId, PreKeyRecord,
    PreKeySignalMessage, PreKeyStore, ProtocolAddress, SessionCheckoutKey,
    SessionCheckoutStoreResult, SessionRecord, SessionStore, SignalMessage, SignalProtocolError,
    SignedPreKeyId, SignedPreKeyRecord, SignedPreKeyStore, Timestamp, UsePQRatchet,
    message_decrypt, message_encrypt, process_prekey_bundle,
};

use countersign_benches::chat::{Chat, Handshake, Keep, shake_hands};

type Result<T> = std::result::Result<T, SignalProtocolError>;

pub(crate) struct Wacore {
    identities: Identities,
    prekeys: Prekeys,
    signed_prekeys: SignedPrekeys,
    sessions: Sessions,
    peer: ProtocolAddress,
    next_prekey: u32,
}

struct Identities(IdentityKeyPair);
struct Prekeys(HashMap<PreKeyId, PreKeyRecord>);
struct SignedPrekeys(HashMap<SignedPreKeyId, SignedPreKeyRecord>);
struct Sessions(Mutex<Option<SessionRecord>>);

impl Chat for Wacore {
    const NAME: &'static str = "wacore-libsignal 0.7.0";

    fn pair() -> (Self, Self) {
        shake_hands()
    }

    fn encrypt(&mut self, plaintext: &[u8]) -> Vec<u8> {
        let sealed = block_on(message_encrypt(
            plaintext,
            &self.peer,
            &mut self.sessions,
            &mut self.identities,
        ))
        .unwrap();
        match sealed {
            CiphertextMessage::SignalMessage(message) => message.serialized().to_vec(),
            CiphertextMessage::PreKeySignalMessage(message) => message.serialized().to_vec(),
            _ => panic!("not a session message"),
        }
    }

    fn decrypt(&mut self, message: &[u8]) -> Vec<u8> {
        self.open(&CiphertextMessage::SignalMessage(SignalMessage::try_from(message).unwrap()))
    }
}

impl Handshake for Wacore {
    type Bundle = PreKeyBundle;

    fn device() -> Self {
        Self {
            identities: Identities(IdentityKeyPair::generate(&mut rand::rng())),
            prekeys: Prekeys(HashMap::new()),
            signed_prekeys: SignedPrekeys(HashMap::new()),
            sessions: Sessions(Mutex::new(None)),
            peer: ProtocolAddress::new("peer", 1.into()),
            next_prekey: 1,
        }
    }

    fn prekeys(&mut self, count: u32) {
        let rng = &mut rand::rng();
        let pair = KeyPair::generate(rng);
        let signature = self
            .identities
            .0
            .private_key()
            .calculate_signature(&pair.public_key.serialize(), rng)
            .unwrap();
        let id = SignedPreKeyId::from(1);
        let record =
            SignedPreKeyRecord::new(id, Timestamp::from_epoch_millis(0), &pair, &signature);
        self.signed_prekeys.0.insert(id, record);
        for _ in 0..count {
            let id = PreKeyId::from(self.next_prekey);
            self.next_prekey += 1;
            self.prekeys.0.insert(id, PreKeyRecord::new(id, &KeyPair::generate(rng)));
        }
    }

    fn bundle(&mut self) -> PreKeyBundle {
        self.prekeys(1);
        let id = PreKeyId::from(self.next_prekey - 1);
        let signed = &self.signed_prekeys.0[&1.into()];
        PreKeyBundle::new(
            1,
            1.into(),
            Some((id, self.prekeys.0[&id].public_key().unwrap())),
            1.into(),
            signed.public_key().unwrap(),
            signed.signature().unwrap().to_vec(),
            *self.identities.0.identity_key(),
        )
        .unwrap()
    }

    fn initiate(&mut self, bundle: &PreKeyBundle, plaintext: &[u8]) -> Vec<u8> {
        let (sessions, identities) = (&mut self.sessions, &mut self.identities);
        block_on(process_prekey_bundle(
            &self.peer,
            sessions,
            identities,
            bundle,
            &mut rand::rng(),
            UsePQRatchet::No,
        ))
        .unwrap();
        self.encrypt(plaintext)
    }

    fn respond(&mut self, message: &[u8]) -> Vec<u8> {
        self.open(&CiphertextMessage::PreKeySignalMessage(
            PreKeySignalMessage::try_from(message).unwrap(),
        ))
    }
}

impl Keep for Wacore {
    type Saved = Vec<u8>;

    fn save(&self) -> Vec<u8> {
        self.sessions.0.lock().unwrap().as_ref().unwrap().serialize().unwrap()
    }

    fn load(bytes: &[u8]) {
        std::hint::black_box(SessionRecord::deserialize(bytes).unwrap());
    }
}

impl Wacore {
    fn open(&mut self, message: &CiphertextMessage) -> Vec<u8> {
        let opened = block_on(message_decrypt(
            message,
            &self.peer,
            &mut self.sessions,
            &mut self.identities,
            &mut self.prekeys,
            &self.signed_prekeys,
            &mut rand::rng(),
            UsePQRatchet::No,
        ));
        opened.unwrap().plaintext
    }
}

#[async_trait]
impl IdentityKeyStore for Identities {
    async fn get_identity_key_pair(&self) -> Result<IdentityKeyPair> {
        Ok(self.0.clone())
    }

    async fn get_local_registration_id(&self) -> Result<u32> {
        Ok(1)
    }

    async fn save_identity(
        &mut self,
        _: &ProtocolAddress,
        _: &IdentityKey,
    ) -> Result<IdentityChange> {
        Ok(IdentityChange::NewOrUnchanged)
    }

    fn try_save_identity(
        &mut self,
        _: &ProtocolAddress,
        _: &IdentityKey,
    ) -> Option<Result<IdentityChange>> {
        Some(Ok(IdentityChange::NewOrUnchanged))
    }

    async fn is_trusted_identity(
        &self,
        _: &ProtocolAddress,
        _: &IdentityKey,
        _: Direction,
    ) -> Result<bool> {
        Ok(true)
    }

    fn try_is_trusted_identity(
        &self,
        _: &ProtocolAddress,
        _: &IdentityKey,
        _: Direction,
    ) -> Option<Result<bool>> {
        Some(Ok(true))
    }

    async fn get_identity(&self, _: &ProtocolAddress) -> Result<Option<IdentityKey>> {
        Ok(None)
    }
}

#[async_trait]
impl PreKeyStore for Prekeys {
    async fn get_pre_key(&self, id: PreKeyId) -> Result<PreKeyRecord> {
        self.0.get(&id).cloned().ok_or(SignalProtocolError::InvalidPreKeyId)
    }

    async fn save_pre_key(&mut self, id: PreKeyId, record: &PreKeyRecord) -> Result<()> {
        self.0.insert(id, record.clone());
        Ok(())
    }

    async fn remove_pre_key(&mut self, id: PreKeyId) -> Result<()> {
        self.0.remove(&id);
        Ok(())
    }
}

#[async_trait]
impl SignedPreKeyStore for SignedPrekeys {
    async fn get_signed_pre_key(&self, id: SignedPreKeyId) -> Result<SignedPreKeyRecord> {
        self.0.get(&id).cloned().ok_or(SignalProtocolError::InvalidSignedPreKeyId)
    }

    async fn save_signed_pre_key(
        &mut self,
        id: SignedPreKeyId,
        record: &SignedPreKeyRecord,
    ) -> Result<()> {
        self.0.insert(id, record.clone());
        Ok(())
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn load_session(&self, _: &ProtocolAddress) -> Result<Option<SessionRecord>> {
        Ok(self.0.lock().unwrap().clone())
    }

    fn try_load_session_for_update(
        &self,
        _: &ProtocolAddress,
    ) -> Option<Result<(Option<SessionRecord>, Option<SessionCheckoutKey>)>> {
        Some(Ok((self.0.lock().unwrap().take(), Some(checkout()))))
    }

    async fn has_session(&self, _: &ProtocolAddress) -> Result<bool> {
        Ok(self.0.lock().unwrap().is_some())
    }

    async fn store_session(&mut self, _: &ProtocolAddress, record: SessionRecord) -> Result<()> {
        *self.0.get_mut().unwrap() = Some(record);
        Ok(())
    }

    fn try_store_session_from_checkout(
        &mut self,
        _: &ProtocolAddress,
        record: SessionRecord,
        _: Option<SessionCheckoutKey>,
        _: bool,
    ) -> SessionCheckoutStoreResult {
        *self.0.get_mut().unwrap() = Some(record);
        SessionCheckoutStoreResult::Stored
    }
}

/// The one checkout there is at a time.
fn checkout() -> SessionCheckoutKey {
    SessionCheckoutKey::new(1, NonZeroU64::MIN)
}
