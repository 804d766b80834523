//! ratchetx2: a Double Ratchet with header encryption on ring, the fastest ping-pong of the peers. It has no handshake of
//! its own that runs without a server, so its ends start from a shared key.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use ratchetx2::agreement::{EphemeralPrivateKey, X25519};
use ratchetx2::error::Error;
use ratchetx2::rand::SystemRandom;
use ratchetx2::transport::Transport;
use ratchetx2::{Party, SharedKeys};

use countersign_benches::chat::Chat;

pub(crate) struct Ratchetx2 {
    party: Party<Wire>,
    wire: Wire,
}

/// The bytes that one end sent or is about to receive.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<VecDeque<Vec<u8>>>>);

impl Chat for Ratchetx2 {
    const NAME: &'static str = "ratchetx2 0.3.8";

    fn pair() -> (Self, Self) {
        let keys =
            SharedKeys { secret_key: [7; 32], header_key_alice: [1; 32], header_key_bob: [2; 32] };
        let bob = keys.bob(EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).unwrap());
        let alice = keys.alice(&bob.public_key());
        let end = |ratchet| {
            let wire = Wire::default();
            Self { party: Party::new(ratchet, wire.clone(), "peers"), wire }
        };
        let (mut alice, mut bob) = (end(alice), end(bob));
        let first = alice.encrypt(b"hello");
        bob.decrypt(&first);
        let reply = bob.encrypt(b"hello yourself");
        alice.decrypt(&reply);
        (alice, bob)
    }

    fn encrypt(&mut self, plaintext: &[u8]) -> Vec<u8> {
        block_on(self.party.push(plaintext)).unwrap();
        self.wire.0.lock().unwrap().pop_front().unwrap()
    }

    fn decrypt(&mut self, message: &[u8]) -> Vec<u8> {
        self.wire.0.lock().unwrap().push_back(message.to_vec());
        block_on(self.party.fetch()).unwrap().remove(0).unwrap()
    }
}

impl Transport for Wire {
    fn push_bytes(
        &mut self,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        self.0.lock().unwrap().push_back(bytes);
        ready(Ok(()))
    }

    fn fetch_bytes(
        &mut self,
        _: Option<usize>,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, Error>> + Send + 'static {
        ready(Ok(self.0.lock().unwrap().drain(..).collect()))
    }
}
