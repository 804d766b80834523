//! The judge's own device: the naive implementation, which follows the specification unless a case makes it lie.

use countersign_vectors::naive::{
    bugs::Bugs,
    fault::{Fault, Outcome as Naive},
    keys::{KeyPair, Profile, Public},
    party::{self, Address, Record, Session},
    primitives::Draws,
    session,
};

use crate::{
    case::{Failure, Outcome, Stop, Trouble},
    run::Run,
    scene::Scene,
    subject::{
        party::NOW_MS,
        types::{Bundle, Message, Peer, Suite},
    },
};

pub use super::translation::{address, from_naive, naive_profile, naive_suite, to_naive};

/// The judge's device.
#[derive(Clone)]
pub struct Judge {
    /// Its whole state; a case may change anything in it.
    pub party: party::Party,
    /// Its randomness.
    pub draws: Draws,
    /// The subject's address, as this device writes it.
    pub peer: Address,
    /// The clock of its session operations, in milliseconds since 1970.
    pub now_ms: u64,
}

impl std::fmt::Debug for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Judge({})", self.party.name)
    }
}

/// The ids of the judge's signed and one-time prekey.
const SIGNED: u32 = 7_001;
const ONE_TIME: u32 = 9_001;

impl Judge {
    /// A fresh device with one prekey of each kind, whose peer is the subject's `subject`.
    ///
    /// # Errors
    /// Never with a working naive implementation.
    pub fn new(run: &mut Run, suite: Suite, subject: &Peer) -> Result<Self, Stop> {
        let (name, identity) = (run.uuid(), run.private_key());
        let (suite, profile) = (naive_suite(suite), Profile::Compatible);
        let mut party = party::Party::new(suite, profile, &name, 1, identity, Bugs::NONE);
        party.registration_id = run.number(1, 16380);
        party.incarnation = run.bytes();
        let mut draws = Draws::seeded(run.bytes());
        own(party.add_signed_prekey(SIGNED, run.private_key(), NOW_MS, None, &mut draws))?;
        own(party.add_one_time_prekey(ONE_TIME, run.private_key(), None, &mut draws))?;
        Ok(Self { party, draws, peer: address(subject), now_ms: NOW_MS })
    }

    /// A device with the keys of the scene's subject, before any session; its peer is the scene's judge.
    pub(super) fn twin(scene: &Scene) -> Result<Self, Stop> {
        let spec = &scene.subject.spec;
        let (suite, profile) = (naive_suite(spec.suite), naive_profile(spec.profile));
        let (id, identity) = (spec.device_id, spec.identity_private);
        let mut party = party::Party::new(suite, profile, &spec.name, id, identity, Bugs::NONE);
        party.registration_id = spec.registration_id;
        party.incarnation = spec.incarnation;
        let mut draws = Draws::seeded([0; 32]);
        let [signed, one_time] = scene.prekey_privates;
        own(party.add_signed_prekey(scene.signed_prekey, signed, NOW_MS, None, &mut draws))?;
        own(party.add_one_time_prekey(scene.one_time_prekey, one_time, None, &mut draws))?;
        Ok(Self { party, draws, peer: address(&scene.judge.address()), now_ms: NOW_MS })
    }

    /// A device at this one's address with another identity key, a fresh one-time prekey, and no session.
    ///
    /// # Errors
    /// Never with a working naive implementation.
    pub fn impostor(&self, run: &mut Run) -> Result<Self, Stop> {
        let mut impostor = self.clone();
        impostor.party.identity = KeyPair::new(run.private_key(), Bugs::NONE);
        impostor.party.records.clear();
        impostor.draws = Draws::seeded(run.bytes());
        impostor.sign_again()?;
        let Self { party, draws, .. } = &mut impostor;
        own(party.add_one_time_prekey(ONE_TIME, run.private_key(), None, draws))?;
        Ok(impostor)
    }

    /// Another account's device with keys of its own, whose peer is the same.
    ///
    /// # Errors
    /// Never with a working naive implementation.
    pub fn neighbour(&self, run: &mut Run) -> Result<Self, Stop> {
        let mut other = self.impostor(run)?;
        other.party.name = run.uuid();
        Ok(other)
    }

    /// Signs the signed prekey again, after a case gave this device another identity key.
    ///
    /// # Errors
    /// Never with a working naive implementation.
    pub fn sign_again(&mut self) -> Outcome {
        let signed = self.party.signed_prekeys.get(&SIGNED);
        let private = signed.map(|signed| signed.pair.private).unwrap_or_default();
        let Self { party, draws, .. } = self;
        own(party.add_signed_prekey(SIGNED, private, NOW_MS, None, draws)).map(drop)
    }

    /// Gives this device the bytes that it draws from here on.
    pub fn load(&mut self, bytes: &[u8]) {
        self.draws = Draws::loaded(bytes);
    }

    /// This device's address as the subject writes it.
    #[must_use]
    pub fn address(&self) -> Peer {
        let address = self.party.address();
        Peer { name: address.name, device_id: address.device_id, incarnation: address.incarnation }
    }

    /// This device's identity key, 33 bytes.
    #[must_use]
    pub const fn identity(&self) -> Public {
        self.party.identity.public
    }

    /// Its bundle, one-time prekey included.
    ///
    /// # Errors
    /// When a case took the prekeys away.
    pub fn bundle(&self) -> Result<Bundle, Stop> {
        self.bundle_of(Some(ONE_TIME))
    }

    /// Its bundle without a one-time prekey.
    ///
    /// # Errors
    /// When a case took the prekeys away.
    pub fn bare_bundle(&self) -> Result<Bundle, Stop> {
        self.bundle_of(None)
    }

    fn bundle_of(&self, one_time: Option<u32>) -> Result<Bundle, Stop> {
        let bundle = self.party.bundle(SIGNED, one_time);
        bundle.map(from_naive).ok_or_else(|| defect("the judge's device has no such prekey"))
    }

    /// Between 17 and 48 fresh bytes to send.
    ///
    /// # Errors
    /// Never with a working naive implementation.
    pub fn words(&mut self) -> Result<Vec<u8>, Stop> {
        let bytes: [u8; 48] = own(self.draws.take())?;
        let length = 17 + usize::from(bytes.last().copied().unwrap_or_default() % 32);
        Ok(bytes.into_iter().take(length).collect())
    }

    /// Begins a session with the subject from a bundle of its.
    ///
    /// # Errors
    /// When the bundle is not valid, which is the subject's failure.
    pub fn initiate(&mut self, bundle: &Bundle) -> Outcome {
        let bundle = to_naive(bundle);
        let Self { party, draws, peer, now_ms } = self;
        session::initiate(party, peer, &bundle, *now_ms, draws)
            .map_err(|fault| unreadable("the subject's bundle", &fault))
    }

    /// Encrypts to the subject.
    ///
    /// # Errors
    /// When the judge has no session to send in.
    pub fn seal(&mut self, plaintext: &[u8]) -> Result<Message, Stop> {
        let Self { party, draws, peer, now_ms } = self;
        let sealed = own(session::encrypt(party, peer, plaintext, *now_ms, draws))?;
        Ok(Message { kind: sealed.kind, bytes: sealed.bytes })
    }

    /// Decrypts a message of the subject.
    ///
    /// # Errors
    /// When the judge cannot read it, which is the subject's failure.
    pub fn open(&mut self, message: &Message) -> Result<Vec<u8>, Stop> {
        let Self { party, draws, peer, .. } = self;
        session::decrypt(party, peer, message.kind, &message.bytes, draws)
            .map_err(|fault| unreadable("a message of the subject", &fault))
    }

    /// The sessions with the subject.
    ///
    /// # Errors
    /// When there are none.
    pub fn record(&mut self) -> Result<&mut Record, Stop> {
        let record = self.party.records.get_mut(&self.peer);
        record.ok_or_else(|| defect("the judge's device has no session"))
    }

    /// The session in which this device sends.
    ///
    /// # Errors
    /// When there is none.
    pub fn session(&self) -> Result<&Session, Stop> {
        let record = self.party.records.get(&self.peer);
        let session = record.and_then(|record| record.current.as_ref());
        session.ok_or_else(|| defect("the judge's device has no current session"))
    }

    /// The session in which this device sends, to be changed.
    ///
    /// # Errors
    /// When there is none.
    pub fn session_mut(&mut self) -> Result<&mut Session, Stop> {
        let session = self.record()?.current.as_mut();
        session.ok_or_else(|| defect("the judge's device has no current session"))
    }
}

/// Something that the judge's own device must be able to do: a refusal is a defect of the suite.
///
/// # Errors
/// The refusal, as trouble of the judge.
pub fn own<T>(outcome: Naive<T>) -> Result<T, Stop> {
    outcome.map_err(|fault| {
        defect(&format!("the judge's device answered {} ({})", fault.code.as_str(), fault.detail))
    })
}

/// The failure of a subject that sent what an honest receiver refuses.
#[must_use]
pub fn unreadable(what: &str, fault: &Fault) -> Stop {
    let actual = format!("an honest receiver answers {} ({})", fault.code.as_str(), fault.detail);
    Failure::new(what, "accepted by an honest receiver", actual).into()
}

/// Trouble of the judge itself.
#[must_use]
pub fn defect(text: &str) -> Stop {
    Stop::Inconclusive(Trouble::Judge(text.to_owned()))
}
