//! Replays a scenario step by step.
//!
//! With `rng.inject` both sides are carried out and every ciphertext must come out byte for byte. Without it the
//! scenario is replayed twice: once as a live conversation of the subject with itself (same plaintexts, same refusals),
//! once with one party receiving the recorded bytes for as long as they do not depend on its own random choices.

use std::{collections::BTreeSet, rc::Rc};

use serde_json::Value;

use super::{
    earlier, fingerprints,
    format::{Step, Transcript, codes_of},
    groups,
    parties::{Answer, Parties, Produced, array, bytes, defect},
};
use crate::{
    case::{Failure, Outcome, Stop},
    expect::refuses_any_unchanged,
    run::Run,
    subject::{
        party::{NOW_MS, Party},
        types::PrekeyKind,
    },
};

/// Replays one transcript through the subject.
///
/// # Errors
/// A failed or inconclusive case, with the step in the failure's text.
pub fn replay(run: &mut Run, transcript: &Transcript) -> Outcome {
    if transcript.kind == "fingerprints" {
        return fingerprints::replay(run, transcript);
    }
    if run.has("rng.inject") {
        let mut exact = Player::new(run, transcript, Mode::Exact)?;
        exact.play(transcript)?;
        if exact.translated {
            run.variant(earlier::VARIANT);
        }
        return Ok(());
    }
    Player::new(run, transcript, Mode::Live)?.play(transcript)?;
    for label in transcript.parties.keys() {
        Player::new(run, transcript, Mode::Receiver(label.clone()))?.play(transcript)?;
    }
    run.variant("without rng.inject: a conversation of its own, and recorded messages received as far as they go");
    Ok(())
}

/// How a scenario is replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// All parties, recorded randomness, ciphertexts compared.
    Exact,
    /// All parties, their own randomness, their own messages.
    Live,
    /// One party, fed with recorded messages.
    Receiver(String),
}

/// A replay in progress.
pub(super) struct Player {
    pub(super) mode: Mode,
    pub(super) parties: Rc<Parties>,
    pub(super) produced: Produced,
    /// Pairs (party, peer) in which a recorded message may depend on the party's own random choices.
    diverged: BTreeSet<(String, String)>,
    stopped: bool,
    /// Whether a recorded message came of a sender that wrote another version byte.
    pub(super) translated: bool,
    can_fork: bool,
}

impl Player {
    fn new(run: &mut Run, transcript: &Transcript, mode: Mode) -> Result<Self, Stop> {
        let (parties, can_fork) =
            (Rc::new(Parties::create(run, transcript)?), run.has("state.fork"));
        let produced = Produced::default();
        Ok(Self {
            mode,
            parties,
            produced,
            diverged: BTreeSet::new(),
            stopped: false,
            translated: false,
            can_fork,
        })
    }

    fn play(&mut self, transcript: &Transcript) -> Outcome {
        for step in &transcript.steps {
            if self.stopped {
                break;
            }
            self.step(transcript, step).map_err(|stop| located(stop, step))?;
        }
        Ok(())
    }

    fn step(&mut self, transcript: &Transcript, step: &Step) -> Outcome {
        if let Mode::Receiver(label) = &self.mode
            && (step.party != *label || is_sending(&step.op))
        {
            self.note_divergence(step);
            return Ok(());
        }
        if self.diverged.contains(&(step.party.clone(), step.peer.clone())) {
            return Ok(());
        }
        let literal = step.message.is_some();
        if self.mode == Mode::Live && literal {
            // An altered message of the recording means nothing to keys of our own.
            self.stopped = !step.fork && step.worked();
            return Ok(());
        }
        if step.fork && !self.can_fork && step.worked() {
            return Ok(());
        }
        let parties = Rc::clone(&self.parties);
        let party = parties.labelled(&step.party)?;
        if step.fork && self.can_fork {
            return self.carry_out(transcript, step, &party.fork()?);
        }
        self.carry_out(transcript, step, party)
    }

    /// In receiver mode: what the others did may make the rest of a pair's messages depend on our own choices.
    fn note_divergence(&mut self, step: &Step) {
        let Mode::Receiver(label) = &self.mode else { return };
        let answered = step.op == "decrypt" && step.peer == *label && step.worked() && !step.fork;
        let began = step.op == "process_bundle" && step.party == *label;
        if answered {
            self.diverged.insert((label.clone(), step.party.clone()));
        } else if began {
            self.diverged.insert((label.clone(), step.peer.clone()));
        }
    }

    fn carry_out(&mut self, transcript: &Transcript, step: &Step, party: &Party) -> Outcome {
        party.set_now_ms(step.now_ms.unwrap_or(NOW_MS));
        if groups::is_group(&step.op) {
            return groups::carry_out(self, transcript, step, party);
        }
        let peer = || self.parties.address(&step.peer);
        match step.op.as_str() {
            "process_bundle" => self.process_bundle(step, party),
            "encrypt" => self.encrypt(step, party),
            "encrypt_many" => self.encrypt_many(step, party),
            "decrypt" => self.decrypt(transcript, step, party),
            "archive_session" => Ok(party.archive(&peer()?)?),
            "delete_session" => Ok(party.delete(&peer()?)?),
            "accept_identity" => Ok(party.trust(&peer()?, &array(&step.identity_key)?)?),
            "remove_key" if step.what == "one_time" => {
                Ok(party.remove_prekey(PrekeyKind::OneTime, step.id)?)
            }
            "remove_key" if step.what == "signed" => {
                Ok(party.remove_prekey(PrekeyKind::Signed, step.id)?)
            }
            other => Err(Stop::Unsupported(format!("replay of {other} {}", step.what))),
        }
    }

    /// Hands over the recorded randomness of a step, in the specification's order of draws.
    pub(super) fn load_rng(&self, step: &Step, party: &Party, order: &[&str]) -> Outcome {
        let drawn: String =
            order.iter().filter_map(|name| step.rng.get(*name)).map(String::as_str).collect();
        if self.mode == Mode::Exact && !drawn.is_empty() {
            party.load_rng(&bytes(&drawn)?)?;
        }
        Ok(())
    }

    /// The bytes a step takes in: its own, or those of the step it names.
    pub(super) fn incoming(&self, transcript: &Transcript, step: &Step) -> Result<Vec<u8>, Stop> {
        if let Some(literal) = &step.message {
            return bytes(literal);
        }
        let from = step
            .from_step
            .ok_or_else(|| defect(format!("step {} has neither message nor from_step", step.n)))?;
        if self.mode == Mode::Live {
            let made = self.produced.made_in(from, step.from_index);
            return made
                .map(|message| message.bytes.clone())
                .ok_or_else(|| defect(format!("step {from} made no message")));
        }
        recorded(transcript, from, step.from_index)
    }
}

fn recorded(transcript: &Transcript, from: usize, index: Option<u32>) -> Result<Vec<u8>, Stop> {
    let source = transcript.steps.iter().find(|source| source.n == from);
    let source = source.ok_or_else(|| defect(format!("there is no step {from}")))?;
    let text = match index {
        None => source.expect.get("message"),
        Some(index) => {
            source.kept.get(&index.to_string()).map(|kept| kept.get("message").unwrap_or(kept))
        }
    };
    bytes(
        text.and_then(Value::as_str)
            .ok_or_else(|| defect(format!("step {from} keeps no message")))?,
    )
}

/// Carries out a step and compares acceptance or refusal with the recording; a refusal must leave the state as it was.
pub(super) fn judged(step: &Step, party: &Party, act: impl FnOnce() -> Answer) -> Outcome {
    if step.worked() {
        return Ok(act()?);
    }
    let codes = codes_of(step.error_class(), &step.note);
    if codes.is_empty() {
        return Err(defect(format!("the error class {} is not known", step.error_class())));
    }
    refuses_any_unchanged(party, codes, act)
}

fn is_sending(op: &str) -> bool {
    matches!(
        op,
        "process_bundle"
            | "encrypt"
            | "encrypt_many"
            | "create_distribution"
            | "group_encrypt"
            | "group_encrypt_many"
    )
}

fn located(stop: Stop, step: &Step) -> Stop {
    let note = if step.note.is_empty() { String::new() } else { format!(" ({})", step.note) };
    let place = format!("step {}, {} by {}{note}", step.n, step.op, step.party);
    match stop {
        Stop::Fail(Failure { what, expected, actual, severity, repeat }) => Stop::Fail(Failure {
            what: format!("{place}: {what}"),
            expected,
            actual,
            severity,
            repeat,
        }),
        other => other,
    }
}
