//! Suite `signal-v3`.

use countersign_protocol::ids::{OneTimePrekeyId, RegistrationId, UnixMillis};
use countersign_protocol::keys::{IdentityKeyPair, KeyPair, PublicKey};
use countersign_protocol::prekeys::{Bundle, OneTimePrekey, SignedPrekey};
use countersign_protocol::profile::Profile;
use countersign_protocol::session::{LocalDevice, MessageKind, ReceivedMessage, SessionRecord};
use countersign_protocol::xeddsa::{Rule, SigningKey};

use zeroize::Zeroizing;

use crate::chat::{Chat, Handshake, Keep, shake_hands};
use crate::prekeys::{Prekeys, SIGNED};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const REGISTRATION: RegistrationId = RegistrationId(1);

/// A device that talks to one peer in suite `signal-v3`.
#[derive(Debug)]
pub struct SignalV3 {
    identity: IdentityKeyPair,
    signing: SigningKey,
    prekeys: Prekeys,
    signed_prekey: Option<SignedPrekey>,
    record: SessionRecord,
    peer: Option<PublicKey>,
}

impl Chat for SignalV3 {
    const NAME: &'static str = "countersign signal-v3";

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

impl Handshake for SignalV3 {
    type Bundle = Bundle;

    fn device() -> Self {
        let identity = IdentityKeyPair::generate(&mut rand::rng());
        let signing = SigningKey::new(identity.private(), Rule::Libsignal);
        Self {
            identity,
            signing,
            prekeys: Prekeys::default(),
            signed_prekey: None,
            record: SessionRecord::new(),
            peer: None,
        }
    }

    fn prekeys(&mut self, count: u32) {
        let rng = &mut rand::rng();
        let pair = KeyPair::generate(rng);
        self.signed_prekey = Some(SignedPrekey::sign(SIGNED, *pair.public(), &self.signing, rng));
        self.prekeys.signed = Some(pair);
        for _ in 0..count {
            self.prekeys.add_one_time();
        }
    }

    fn bundle(&mut self) -> Bundle {
        self.prekeys(1);
        let (id, public) = self.prekeys.newest();
        Bundle {
            registration_id: REGISTRATION,
            identity_key: *self.identity.public(),
            signed_prekey: self.signed_prekey.clone().unwrap(),
            one_time_prekey: Some(OneTimePrekey { id: OneTimePrekeyId(id), public }),
        }
    }

    fn initiate(&mut self, bundle: &Bundle, plaintext: &[u8]) -> Vec<u8> {
        let local = local(&self.identity);
        self.record.initiate(&local, None, bundle, NOW, &mut rand::rng()).unwrap();
        self.peer = Some(bundle.identity_key);
        self.encrypt(plaintext)
    }

    fn respond(&mut self, message: &[u8]) -> Vec<u8> {
        self.open(MessageKind::Prekey, message)
    }
}

impl Keep for SignalV3 {
    type Saved = Zeroizing<Vec<u8>>;

    fn save(&self) -> Self::Saved {
        self.record.to_bytes()
    }

    fn load(bytes: &[u8]) {
        std::hint::black_box(SessionRecord::from_bytes(bytes).unwrap());
    }
}

impl SignalV3 {
    fn open(&mut self, kind: MessageKind, bytes: &[u8]) -> Vec<u8> {
        let local = local(&self.identity);
        let received = ReceivedMessage { kind, bytes };
        let opened = self
            .record
            .decrypt(&local, self.peer.as_ref(), received, &self.prekeys, &mut rand::rng())
            .unwrap();
        self.peer = Some(opened.identity_key);
        if let Some(id) = opened.accepted.and_then(|accepted| accepted.one_time_prekey) {
            self.prekeys.use_up(id);
        }
        opened.plaintext
    }
}

fn local(identity: &IdentityKeyPair) -> LocalDevice<'_> {
    LocalDevice {
        identity,
        registration_id: REGISTRATION,
        profile: Profile::Compatible,
        accept_x3dh: true,
    }
}
