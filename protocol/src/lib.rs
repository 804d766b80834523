//! The sans-IO core of Countersign: X3DH, Double Ratchet, sender keys, boxes, fingerprints.
//!
//! Every rule of the protocol is here and nothing of the world: no socket, clock, thread, file or
//! hidden randomness. Time comes in as a value and randomness as `&mut impl CryptoRng`, so that
//! every exchange can be repeated byte for byte. State is a value that the caller keeps, one
//! [`SessionRecord`](session::SessionRecord) for each peer device. An operation that refuses its
//! input says which rule was broken, by a [`Problem`](problem::Problem) of the registry, and
//! leaves the state as it was.
//!
//! The modules follow the specification: [`keys`] and [`xeddsa`] underneath, [`prekeys`] for what
//! a device publishes, [`session`] for two devices, [`sender_key`] for a group, [`sealed_box`] for
//! the suites without a session, [`fingerprint`] for two people who compare numbers. [`native`] is
//! the suite of this project's own, with sessions of the same shape.
//!
//! What goes around the messages is here too: [`device_list`], [`registration`] and [`audit`] for
//! what devices and servers sign, [`frame`] for what every session encrypts, [`provisioning`] for
//! how a new device gets the identity key.
//!
//! # A conversation
//!
//! ```
//! use countersign_protocol::ids::{RegistrationId, OneTimePrekeyId, SignedPrekeyId, UnixMillis};
//! use countersign_protocol::keys::{IdentityKeyPair, KeyPair, PrivateKey, PublicKey};
//! use countersign_protocol::prekeys::{Bundle, HeldPrekeys, OneTimePrekey, SignedPrekey};
//! use countersign_protocol::problem::Problem;
//! use countersign_protocol::profile::Profile;
//! use countersign_protocol::session::{LocalDevice, ReceivedMessage, SessionRecord};
//! use countersign_protocol::xeddsa::{Rule, SigningKey};
//! # use rand_chacha::rand_core::SeedableRng;
//!
//! /// The prekeys that Bob's device holds: a store of its own in a real program.
//! struct BobsPrekeys { signed: KeyPair, one_time: Option<KeyPair> }
//!
//! impl HeldPrekeys for BobsPrekeys {
//!     fn signed_prekey(&self, id: SignedPrekeyId) -> Option<PrivateKey> {
//!         (id.0 == 7).then(|| self.signed.private().clone())
//!     }
//!     fn one_time_prekey(&self, id: OneTimePrekeyId) -> Option<PrivateKey> {
//!         self.one_time.as_ref().filter(|_| id.0 == 21).map(|pair| pair.private().clone())
//!     }
//!     fn was_accepted(&self, _: SignedPrekeyId, _: &PublicKey) -> bool { false }
//! }
//!
//! # fn main() -> Result<(), Problem> {
//! let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // the system's, in a real program
//! let now = UnixMillis(1_700_000_000_000);
//!
//! // Bob publishes a bundle and goes away.
//! let bob_identity = IdentityKeyPair::generate(&mut rng);
//! let mut prekeys = BobsPrekeys {
//!     signed: KeyPair::generate(&mut rng),
//!     one_time: Some(KeyPair::generate(&mut rng)),
//! };
//! let signing = SigningKey::new(bob_identity.private(), Rule::Libsignal);
//! let one_time = prekeys.one_time.as_ref().map(|pair| *pair.public());
//! let bundle = Bundle {
//!     registration_id: RegistrationId(2002),
//!     identity_key: *bob_identity.public(),
//!     signed_prekey: SignedPrekey::sign(
//!         SignedPrekeyId(7), *prekeys.signed.public(), &signing, &mut rng,
//!     ),
//!     one_time_prekey: one_time.map(|public| OneTimePrekey { id: OneTimePrekeyId(21), public }),
//! };
//!
//! // Alice begins a session and sends.
//! let alice_identity = IdentityKeyPair::generate(&mut rng);
//! let alice = LocalDevice {
//!     identity: &alice_identity,
//!     registration_id: RegistrationId(1001),
//!     profile: Profile::Strict,
//!     accept_x3dh: true,
//! };
//! let mut with_bob = SessionRecord::new();
//! with_bob.initiate(&alice, None, &bundle, now, &mut rng)?;
//! let hello = with_bob.encrypt(Some(&bundle.identity_key), b"hello, Bob", now)?;
//!
//! // Bob comes back, decrypts, and stores what he is told to store.
//! let bob = LocalDevice {
//!     identity: &bob_identity,
//!     registration_id: RegistrationId(2002),
//!     profile: Profile::Strict,
//!     accept_x3dh: true,
//! };
//! let mut with_alice = SessionRecord::new();
//! let received = ReceivedMessage { kind: hello.kind, bytes: &hello.bytes };
//! let decrypted = with_alice.decrypt(&bob, None, received, &prekeys, &mut rng)?;
//! assert_eq!(decrypted.plaintext, b"hello, Bob");
//! assert_eq!(decrypted.identity_key, *alice_identity.public());
//! if decrypted.accepted.is_some_and(|accepted| accepted.one_time_prekey.is_some()) {
//!     prekeys.one_time = None;
//! }
//!
//! // Bob's answer is the first message that needs no prekeys.
//! let stored = with_alice.to_bytes();
//! let mut with_alice = SessionRecord::from_bytes(&stored)?;
//! let answer = with_alice.encrypt(Some(&decrypted.identity_key), b"hello, Alice", now)?;
//! let received = ReceivedMessage { kind: answer.kind, bytes: &answer.bytes };
//! let trusted = Some(&bundle.identity_key);
//! let decrypted = with_bob.decrypt(&alice, trusted, received, &prekeys, &mut rng)?;
//! assert_eq!(decrypted.plaintext, b"hello, Alice");
//!
//! // What was received once is not received again.
//! let again = with_bob.decrypt(&alice, trusted, received, &prekeys, &mut rng);
//! assert_eq!(again, Err(Problem::DuplicateMessage));
//! # Ok(())
//! # }
//! ```

pub mod audit;
pub mod device_list;
pub mod fingerprint;
pub mod frame;
pub mod ids;
pub mod keys;
pub mod limits;
pub mod name;
pub mod native;
pub mod pair;
pub mod prekeys;
mod primitives;
pub mod problem;
pub mod profile;
pub mod provisioning;
mod ratchet;
pub mod registration;
pub mod replay_cache;
pub mod sealed_box;
pub mod sender_key;
pub mod session;
mod state;
pub mod suite;
#[cfg(test)]
mod vectors;
mod wire;
mod x3dh;
pub mod xeddsa;
