//! Suite `ratchet-chacha20`.

use countersign_protocol::ids::{DeviceId, OneTimePrekeyId, UnixMillis};
use countersign_protocol::keys::{IdentityKeyPair, KeyPair, PublicKey};
use countersign_protocol::native::{
    AccountId, Bundle, DeviceName, Incarnation, LocalDevice, OneTimePrekey, SessionRecord,
    SignedPrekey,
};
use countersign_protocol::session::{MessageKind, ReceivedMessage};
use countersign_protocol::xeddsa::{Rule, SigningKey};

use crate::chat::{Chat, Handshake, shake_hands};
use crate::prekeys::{Prekeys, SIGNED};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// A device that talks to one peer in suite `ratchet-chacha20`.
#[derive(Debug)]
pub struct Native {
    identity: IdentityKeyPair,
    signing: SigningKey,
    prekeys: Prekeys,
    record: SessionRecord,
    peer: Option<PublicKey>,
}

impl Chat for Native {
    const NAME: &'static str = "countersign ratchet-chacha20";

    fn pair() -> (Self, Self) {
        shake_hands()
    }

    fn encrypt(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.record.encrypt(self.peer.as_ref(), plaintext, NOW).unwrap().bytes
    }

    fn decrypt(&mut self, message: &[u8]) -> Vec<u8> {
        self.open(MessageKind::Ratchet, message)
    }
}

impl Handshake for Native {
    type Bundle = Bundle;

    fn device() -> Self {
        let identity = IdentityKeyPair::generate(&mut rand::rng());
        let signing = SigningKey::new(identity.private(), Rule::Paper);
        Self {
            identity,
            signing,
            prekeys: Prekeys::default(),
            record: SessionRecord::new(),
            peer: None,
        }
    }

    fn prekeys(&mut self, count: u32) {
        self.prekeys.signed = Some(KeyPair::generate(&mut rand::rng()));
        for _ in 0..count {
            self.prekeys.add_one_time();
        }
    }

    fn bundle(&mut self) -> Bundle {
        let rng = &mut rand::rng();
        self.prekeys(1);
        let signed = *self.prekeys.signed.as_ref().unwrap().public();
        let (id, one_time) = self.prekeys.newest();
        Bundle {
            name: name(),
            identity_key: *self.identity.public(),
            signed_prekey: SignedPrekey::sign(SIGNED, signed, &self.signing, rng),
            one_time_prekey: Some(OneTimePrekey::sign(
                OneTimePrekeyId(id),
                one_time,
                &self.signing,
                rng,
            )),
        }
    }

    fn initiate(&mut self, bundle: &Bundle, plaintext: &[u8]) -> Vec<u8> {
        let local = LocalDevice { name: name(), identity: &self.identity };
        self.record.initiate(&local, &name(), None, bundle, NOW, &mut rand::rng()).unwrap();
        self.peer = Some(bundle.identity_key);
        self.encrypt(plaintext)
    }

    fn respond(&mut self, message: &[u8]) -> Vec<u8> {
        self.open(MessageKind::Prekey, message)
    }
}

impl Native {
    fn open(&mut self, kind: MessageKind, bytes: &[u8]) -> Vec<u8> {
        let local = LocalDevice { name: name(), identity: &self.identity };
        let received = ReceivedMessage { kind, bytes };
        let opened = self
            .record
            .decrypt(&local, &name(), self.peer.as_ref(), received, &self.prekeys, &mut rand::rng())
            .unwrap();
        self.peer = Some(opened.identity_key);
        if let Some(id) = opened.accepted.and_then(|accepted| accepted.one_time_prekey) {
            self.prekeys.use_up(id);
        }
        opened.plaintext
    }
}

/// Both ends go by one name: names cost the same whatever they are.
fn name() -> DeviceName {
    DeviceName {
        account_id: AccountId([1; 16]),
        device_id: DeviceId::new(1).unwrap(),
        incarnation: Incarnation([2; 16]),
    }
}
