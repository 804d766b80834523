//! The parties of a scenario inside the subject, and the messages that pass between them.

use std::collections::BTreeMap;

use super::format::{Bundle, Device, Transcript};
use crate::{
    case::{CallError, Stop, Trouble},
    run::Run,
    subject::{
        party::Party,
        types::{self, Message, OneTimePrekey, PartySpec, Peer, Profile, SignedPrekey, Suite},
    },
};

/// The parties by their label.
#[derive(Debug, Default)]
pub struct Parties(BTreeMap<String, Party>);

impl Parties {
    /// Makes every party of a transcript, with all the prekeys it ever publishes.
    ///
    /// # Errors
    /// As the subject answers, or a transcript with bytes that are no hex.
    pub fn create(run: &mut Run, transcript: &Transcript) -> Result<Self, Stop> {
        let mut parties = BTreeMap::new();
        for (label, device) in &transcript.parties {
            parties.insert(label.clone(), create(run, device)?);
        }
        Ok(Self(parties))
    }

    /// The party with this label.
    ///
    /// # Errors
    /// When the transcript names a label that it does not declare.
    pub fn labelled(&self, label: &str) -> Result<&Party, Stop> {
        self.0.get(label).ok_or_else(|| defect(format!("the transcript has no party \"{label}\"")))
    }

    /// The address of the party with this label.
    ///
    /// # Errors
    /// As [`Parties::labelled`].
    pub fn address(&self, label: &str) -> Result<Peer, Stop> {
        self.labelled(label).map(Party::peer)
    }
}

fn create(run: &mut Run, device: &Device) -> Result<Party, Stop> {
    let mut spec: PartySpec = run.spec(Suite::SignalV3);
    spec.profile = Profile::Compatible;
    spec.name.clone_from(&device.name);
    spec.device_id = device.device_id;
    spec.registration_id = device.registration_id;
    if let Some(private) = &device.identity_private {
        spec.identity_private = array(private)?;
    }
    let party = run.party(&spec)?;
    for key in &device.signed_prekeys {
        party.add_signed_prekey(
            key.id,
            &array(&key.private)?,
            key.timestamp,
            Some(&bytes(&key.signature)?),
        )?;
    }
    for key in &device.one_time_prekeys {
        party.add_one_time_prekey(key.id, &array(&key.private)?, None)?;
    }
    Ok(party)
}

/// A recorded bundle in the words of the line protocol.
pub(super) fn bundle(recorded: &Bundle) -> Result<types::Bundle, Stop> {
    let one_time = match (recorded.pre_key_id, &recorded.pre_key) {
        (Some(id), Some(public)) => {
            Some(OneTimePrekey { id, public: bytes(public)?, signature: None })
        }
        _ => None,
    };
    Ok(types::Bundle {
        registration_id: recorded.registration_id,
        device_id: recorded.device_id,
        identity_key: bytes(&recorded.identity_key)?,
        signed_prekey: SignedPrekey {
            id: recorded.signed_pre_key_id,
            public: bytes(&recorded.signed_pre_key)?,
            signature: bytes(&recorded.signed_pre_key_signature)?,
        },
        one_time_prekey: one_time,
        name: None,
        incarnation: None,
    })
}

/// Messages that the subject itself made, by step and, in a long run, by index.
#[derive(Debug, Default)]
pub struct Produced(BTreeMap<(usize, Option<u32>), Message>);

impl Produced {
    pub(super) fn keep(&mut self, step: usize, index: Option<u32>, message: Message) {
        self.0.insert((step, index), message);
    }

    pub(super) fn made_in(&self, step: usize, index: Option<u32>) -> Option<&Message> {
        self.0.get(&(step, index))
    }
}

pub(super) fn bytes(text: &str) -> Result<Vec<u8>, Stop> {
    hex::decode(text).map_err(|error| defect(format!("not hex: {error}")))
}

pub(super) fn array<const N: usize>(text: &str) -> Result<[u8; N], Stop> {
    bytes(text)?.try_into().map_err(|_| defect(format!("not {N} bytes: {text}")))
}

/// The transcript makes no sense: nothing is said about the subject.
pub(super) fn defect(text: String) -> Stop {
    Stop::Inconclusive(Trouble::Io(text))
}

/// What a replayed operation answered, without its value.
pub(super) type Answer = Result<(), CallError>;
