//! Replays a scenario step by step.
//!
//! With `rng.inject` both sides are carried out and every ciphertext must come out byte for byte. Without it the
//! scenario is replayed twice: once as a live conversation of the subject with itself (same plaintexts, same refusals),
//! once with one party receiving the recorded bytes for as long as they do not depend on its own random choices.

use std::{collections::BTreeSet, rc::Rc};

use serde_json::Value;

use super::{
    fingerprints,
    format::{Step, Transcript, codes_of},
    groups,
    parties::{Answer, Parties, Produced, array, bundle, bytes, defect},
};
use crate::{
    case::{Failure, Outcome, Stop},
    expect::{expect_bytes, expect_eq, expect_refused_any, expect_that, unchanged},
    run::Run,
    subject::{
        party::{NOW_MS, Party},
        types::{Message, PrekeyKind},
    },
};

/// What a sender of today begins a message of version 3 with. Spec: `spec/wire.md`.
const VERSION_BYTE: u8 = 0x34;

/// Replays one transcript through the subject.
///
/// # Errors
/// A failed or inconclusive case, with the step in the failure's text.
pub fn replay(run: &mut Run, transcript: &Transcript) -> Outcome {
    if transcript.kind == "fingerprints" {
        return fingerprints::replay(run, transcript);
    }
    if run.has("rng.inject") {
        return Player::new(run, transcript, Mode::Exact)?.play(transcript);
    }
    let mut live = Player::new(run, transcript, Mode::Live)?;
    live.play(transcript)?;
    let mut received = 0;
    for label in transcript.parties.keys() {
        let mut player = Player::new(run, transcript, Mode::Receiver(label.clone()))?;
        player.play(transcript)?;
        received += player.done;
    }
    run.variant(&format!(
        "without rng.inject: {} of {} steps live, {received} received as recorded",
        live.done,
        transcript.steps.len()
    ));
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
    /// Steps carried out.
    pub(super) done: usize,
    stopped: bool,
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
            done: 0,
            stopped: false,
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
        self.done += 1;
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

    fn process_bundle(&self, step: &Step, party: &Party) -> Outcome {
        let recorded =
            step.bundle.as_ref().ok_or_else(|| defect("process_bundle without a bundle".into()))?;
        let (peer, bundle) = (self.parties.address(&step.peer)?, bundle(recorded)?);
        self.load_rng(step, party, &["base_private", "ratchet_private"])?;
        judged(step, party, || party.initiate(&peer, &bundle))
    }

    fn encrypt(&mut self, step: &Step, party: &Party) -> Outcome {
        let (peer, plaintext) = (self.parties.address(&step.peer)?, bytes(&step.plaintext)?);
        if !step.worked() {
            return judged(step, party, || party.encrypt(&peer, &plaintext).map(drop));
        }
        let message = party.encrypt(&peer, &plaintext)?;
        self.compare(
            step,
            step.expect.get("type"),
            step.expected_bytes("message").map_err(defect)?,
            &message,
        )?;
        self.produced.keep(step.n, None, message);
        Ok(())
    }

    fn compare(
        &self,
        step: &Step,
        kind: Option<&Value>,
        expected: Option<Vec<u8>>,
        made: &Message,
    ) -> Outcome {
        if let Some(kind) = kind.and_then(Value::as_u64) {
            expect_eq("the message type", &kind, &u64::from(made.kind))?;
        }
        // Senders of old wrote another low nibble, which is under the MAC: their bytes cannot come out again.
        let comparable = |expected: &Vec<u8>| expected.first() == Some(&VERSION_BYTE);
        match expected.filter(comparable) {
            Some(expected) if self.mode == Mode::Exact => {
                expect_bytes(&format!("the message of step {}", step.n), &expected, &made.bytes)
            }
            _ => Ok(()),
        }
    }

    fn encrypt_many(&mut self, step: &Step, party: &Party) -> Outcome {
        let (peer, plaintext) = (self.parties.address(&step.peer)?, bytes(&step.plaintext)?);
        let keep: Vec<u32> = step.kept.keys().filter_map(|index| index.parse().ok()).collect();
        let made = party.encrypt_many(&peer, &plaintext, step.count, &keep)?;
        expect_eq("the number of kept messages", &keep.len(), &made.len())?;
        for kept in made {
            let recorded = step.kept.get(&kept.index.to_string());
            let text =
                recorded.and_then(|recorded| recorded.get("message")).and_then(Value::as_str);
            let kind = recorded.and_then(|recorded| recorded.get("type"));
            self.compare(step, kind, text.map(bytes).transpose()?, &kept.message)?;
            self.produced.keep(step.n, Some(kept.index), kept.message);
        }
        Ok(())
    }

    fn decrypt(&self, transcript: &Transcript, step: &Step, party: &Party) -> Outcome {
        let peer = self.parties.address(&step.peer)?;
        let kind = step.kind.unwrap_or(2);
        let message = Message { kind, bytes: self.incoming(transcript, step)? };
        self.load_rng(step, party, &["ratchet_private"])?;
        if !step.worked() {
            return judged(step, party, || party.decrypt(&peer, &message).map(drop));
        }
        let plaintext = party.decrypt(&peer, &message)?;
        if let Some(expected) = step.expected_bytes("plaintext").map_err(defect)? {
            expect_bytes("the plaintext", &expected, &plaintext)?;
        }
        deleted_prekeys(step, party)
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
    expect_refused_any(unchanged(party, act), codes)
}

/// What the recording removed from the key store must be gone.
fn deleted_prekeys(step: &Step, party: &Party) -> Outcome {
    let removed = step.store.get("removed_one_time_prekeys").and_then(Value::as_array);
    let Some(removed) = removed.filter(|removed| !removed.is_empty()) else { return Ok(()) };
    let (_, held) = party.prekeys()?;
    let kept = removed
        .iter()
        .filter_map(Value::as_u64)
        .find(|id| held.iter().any(|held| u64::from(*held) == *id));
    expect_that(
        kept.is_none(),
        "the one-time prekey that was used",
        "deleted",
        format!("still held: {held:?}"),
    )
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
        Stop::Fail(Failure { what, expected, actual, severity }) => {
            Stop::Fail(Failure { what: format!("{place}: {what}"), expected, actual, severity })
        }
        other => other,
    }
}
