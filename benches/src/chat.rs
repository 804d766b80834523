//! What a bench asks of an implementation: two parties, messages as bytes.

/// One end of a session that can talk.
pub trait Chat: Sized + 'static {
    /// Its name in a row.
    const NAME: &'static str;

    /// Two ends whose handshake is over, each having received from the other.
    fn pair() -> (Self, Self);

    /// The next message, as its wire bytes.
    fn encrypt(&mut self, plaintext: &[u8]) -> Vec<u8>;

    /// The plaintext of a message of the peer.
    fn decrypt(&mut self, message: &[u8]) -> Vec<u8>;
}

/// An implementation that also makes the handshake.
pub trait Handshake: Chat {
    /// What an initiator gets of a device.
    type Bundle: 'static;

    /// A fresh device with an identity.
    fn device() -> Self;

    /// Makes a signed prekey and `count` one-time prekeys, as records ready to be stored.
    fn prekeys(&mut self, count: u32);

    /// A bundle with a one-time prekey that was not given before.
    fn bundle(&mut self) -> Self::Bundle;

    /// Starts a session and encrypts its first message.
    fn initiate(&mut self, bundle: &Self::Bundle, plaintext: &[u8]) -> Vec<u8>;

    /// Takes in a first message.
    fn respond(&mut self, message: &[u8]) -> Vec<u8>;
}

/// An implementation whose session can be kept.
pub trait Keep: Chat {
    /// A stored session, in the implementation's own type.
    type Saved: AsRef<[u8]> + 'static;

    /// The session as it would be stored.
    fn save(&self) -> Self::Saved;

    /// Reads a stored session back and drops it.
    fn load(bytes: &[u8]);
}

/// Two ends after a handshake and one message each way.
pub fn shake_hands<P: Handshake>() -> (P, P) {
    let (mut alice, mut bob) = (P::device(), P::device());
    let first = alice.initiate(&bob.bundle(), b"hello");
    bob.respond(&first);
    let reply = bob.encrypt(b"hello yourself");
    alice.decrypt(&reply);
    let settled = alice.encrypt(b"fine");
    bob.decrypt(&settled);
    (alice, bob)
}
