//! vodozemac: Olm, that is 3DH and a Double Ratchet of its own wire. No prekey is signed in the session itself; its
//! initiator row checks one Ed25519 signature, as an application has to.

use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig, SessionPickle};
use vodozemac::{Curve25519PublicKey, Ed25519PublicKey, Ed25519Signature};

use countersign_benches::chat::{Chat, Handshake, Keep, shake_hands};

pub(crate) struct Vodozemac {
    account: Account,
    session: Option<Session>,
}

pub(crate) struct Bundle {
    identity: Curve25519PublicKey,
    one_time: Curve25519PublicKey,
    signer: Ed25519PublicKey,
    signature: Ed25519Signature,
}

impl Chat for Vodozemac {
    const NAME: &'static str = "vodozemac 0.11.1";

    fn pair() -> (Self, Self) {
        shake_hands()
    }

    fn encrypt(&mut self, plaintext: &[u8]) -> Vec<u8> {
        let (kind, bytes) = self.session.as_mut().unwrap().encrypt(plaintext).unwrap().to_parts();
        [&[u8::try_from(kind).unwrap()][..], &bytes].concat()
    }

    fn decrypt(&mut self, message: &[u8]) -> Vec<u8> {
        self.session.as_mut().unwrap().decrypt(&parse(message)).unwrap()
    }
}

impl Handshake for Vodozemac {
    type Bundle = Bundle;

    fn device() -> Self {
        Self { account: Account::new(), session: None }
    }

    fn prekeys(&mut self, count: u32) {
        self.account.generate_one_time_keys(count as usize);
        self.account.generate_fallback_key();
    }

    fn bundle(&mut self) -> Bundle {
        self.account.generate_one_time_keys(1);
        let one_time = *self.account.one_time_keys().values().next().unwrap();
        self.account.mark_keys_as_published();
        Bundle {
            identity: self.account.curve25519_key(),
            one_time,
            signer: self.account.ed25519_key(),
            signature: self.account.sign(one_time.as_bytes()),
        }
    }

    fn initiate(&mut self, bundle: &Bundle, plaintext: &[u8]) -> Vec<u8> {
        bundle.signer.verify(bundle.one_time.as_bytes(), &bundle.signature).unwrap();
        let session = self.account.create_outbound_session(
            SessionConfig::version_1(),
            bundle.identity,
            bundle.one_time,
        );
        self.session = Some(session.unwrap());
        self.encrypt(plaintext)
    }

    fn respond(&mut self, message: &[u8]) -> Vec<u8> {
        let OlmMessage::PreKey(message) = parse(message) else { panic!("not a first message") };
        let identity = message.identity_key();
        let made = self
            .account
            .create_inbound_session(SessionConfig::version_1(), identity, &message)
            .unwrap();
        self.session = Some(made.session);
        made.plaintext
    }
}

impl Keep for Vodozemac {
    type Saved = Vec<u8>;

    fn save(&self) -> Vec<u8> {
        to_json(&self.session.as_ref().unwrap().pickle())
    }

    fn load(bytes: &[u8]) {
        let pickle: SessionPickle = serde_json::from_slice(bytes).unwrap();
        std::hint::black_box(Session::from_pickle(pickle));
    }
}

fn to_json(pickle: &SessionPickle) -> Vec<u8> {
    serde_json::to_vec(pickle).unwrap()
}

fn parse(message: &[u8]) -> OlmMessage {
    OlmMessage::from_parts(usize::from(message[0]), &message[1..]).unwrap()
}
