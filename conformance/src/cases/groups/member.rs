//! A member of the group on the judge's side, and the subject that reads it.

use countersign_vectors::naive::{
    bugs::Bugs,
    groups::{
        State, chain_step, message_keys,
        wire::{MessageFields, SenderKeyMessage, VERSION, signed},
    },
    primitives::{Draws, cbc_encrypt, pad},
};
use prost::Message as _;

use crate::{
    case::{CallError, Outcome, Stop},
    expect::{expect_bytes, refuses_unchanged},
    run::Run,
    scene::judge::{defect, own},
    subject::{
        party::Party,
        types::{PartySpec, Peer, Profile, Suite},
    },
};

/// The text of most messages.
pub(in crate::cases) const TEXT: &[u8] = b"to all in this group";

/// A sender of the judge's with its key.
#[derive(Clone)]
pub(in crate::cases) struct Member {
    /// Its device.
    pub(in crate::cases) peer: Peer,
    /// The distribution id, as text and as bytes.
    pub(in crate::cases) id: (String, [u8; 16]),
    /// Its sender key, at the iteration that it is distributed with.
    pub(in crate::cases) state: State,
    pub(in crate::cases) draws: Draws,
}

impl Member {
    /// A fresh device with a fresh key for a fresh distribution id.
    pub(in crate::cases) fn new(run: &mut Run) -> Result<Self, Stop> {
        let text = run.uuid();
        let bytes = uuid::Uuid::parse_str(&text).map_err(|error| defect(&error.to_string()))?;
        let bytes = bytes.into_bytes();
        let peer = Peer { name: run.uuid(), device_id: 1, incarnation: None };
        let mut draws = Draws::seeded(run.bytes());
        let state = own(State::draw(&mut draws, Bugs::NONE))?;
        Ok(Self { peer, id: (text, bytes), state, draws })
    }

    /// The same device with a fresh key for the same distribution id.
    pub(in crate::cases) fn rotated(&self) -> Result<Self, Stop> {
        let mut rotated = self.clone();
        rotated.state = own(State::draw(&mut rotated.draws, Bugs::NONE))?;
        Ok(rotated)
    }

    /// Its distribution message.
    pub(in crate::cases) fn distribution(&self) -> Vec<u8> {
        self.state.describe(self.id.1).encode()
    }

    /// The key as it stands at a later iteration.
    pub(in crate::cases) fn at(&self, iteration: u32) -> Self {
        let mut later = self.clone();
        while later.state.iteration < iteration {
            later.state.chain_key = chain_step(&later.state.chain_key, Bugs::NONE).1;
            later.state.iteration += 1;
        }
        later
    }

    /// The fields of the message with this iteration, whole blocks given, padded or not.
    pub(in crate::cases) fn fields_of(&self, iteration: u32, padded: &[u8]) -> MessageFields {
        let (seed, _) = chain_step(&self.at(iteration).state.chain_key, Bugs::NONE);
        let (iv, key) = message_keys(&seed, Bugs::NONE);
        SenderKeyMessage {
            distribution_id: self.id.1,
            chain_id: self.state.chain_id,
            iteration,
            ciphertext: cbc_encrypt(&key, &iv, padded),
        }
        .fields()
    }

    /// The fields of the honest message with this iteration.
    pub(in crate::cases) fn fields(&self, iteration: u32) -> MessageFields {
        self.fields_of(iteration, &pad(TEXT, Bugs::NONE))
    }

    /// Any protobuf behind any version byte, rightly signed.
    pub(in crate::cases) fn sign(&self, version: u8, protobuf: &[u8]) -> Vec<u8> {
        let private = self.state.signing_private.unwrap_or_default();
        signed(version, protobuf, &private, &[0x5a; 64], Bugs::NONE)
    }

    /// These fields, rightly signed.
    pub(in crate::cases) fn seal(&self, fields: &MessageFields) -> Vec<u8> {
        self.sign(VERSION, &fields.encode_to_vec())
    }

    /// The honest message with this iteration, not before that of the state.
    pub(in crate::cases) fn message(&self, iteration: u32) -> Vec<u8> {
        self.seal(&self.fields(iteration))
    }
}

/// The subject's party and a member whose key it has.
pub(in crate::cases) struct Group {
    pub(in crate::cases) subject: Party,
    pub(in crate::cases) member: Member,
}

impl Group {
    /// The subject has the member's distribution message.
    pub(in crate::cases) fn new(run: &mut Run) -> Result<Self, Stop> {
        let spec = run.spec(Suite::SignalV3);
        Self::of(run, &spec)
    }

    /// As [`Group::new`], with a subject of the strict profile.
    pub(in crate::cases) fn strict(run: &mut Run) -> Result<Self, Stop> {
        let spec = PartySpec { profile: Profile::Strict, ..run.spec(Suite::SignalV3) };
        Self::of(run, &spec)
    }

    fn of(run: &mut Run, spec: &PartySpec) -> Result<Self, Stop> {
        let subject = run.party(spec)?;
        let member = Member::new(run)?;
        subject.process_distribution(&member.peer, &member.distribution())?;
        Ok(Self { subject, member })
    }

    /// Hands the subject a message of the member.
    pub(in crate::cases) fn deliver(&self, message: &[u8]) -> Result<Vec<u8>, CallError> {
        self.subject.group_decrypt(&self.member.peer, message)
    }

    /// The subject must read the message of `member` with this iteration.
    pub(in crate::cases) fn reads(&self, member: &Member, iteration: u32) -> Outcome {
        let opened = self.subject.group_decrypt(&member.peer, &member.message(iteration))?;
        expect_bytes(&format!("the plaintext of iteration {iteration}"), TEXT, &opened)
    }

    /// The subject must refuse this message of the member with this code and change nothing.
    pub(in crate::cases) fn refuses(&self, message: &[u8], code: &str) -> Outcome {
        refuses_unchanged(&self.subject, code, || self.deliver(message))
    }
}

/// The last byte changed, which is one of the signature's.
pub(in crate::cases) fn forged(message: &[u8]) -> Vec<u8> {
    let mut forged = message.to_vec();
    if let Some(byte) = forged.iter_mut().rev().nth(40) {
        *byte ^= 1;
    }
    forged
}
