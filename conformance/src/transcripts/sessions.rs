//! Replays the steps of pairwise scenarios.

use serde_json::Value;

use super::{
    earlier,
    format::{Step, Transcript},
    parties::{bundle, bytes, defect},
    replay::{Mode, Player, judged},
};
use crate::{
    case::Outcome,
    expect::{expect_bytes, expect_eq, expect_that},
    subject::{party::Party, types::Message},
};

impl Player {
    pub(super) fn process_bundle(&self, step: &Step, party: &Party) -> Outcome {
        let recorded =
            step.bundle.as_ref().ok_or_else(|| defect("process_bundle without a bundle".into()))?;
        let (peer, bundle) = (self.parties.address(&step.peer)?, bundle(recorded)?);
        self.load_rng(step, party, &["base_private", "ratchet_private"])?;
        judged(step, party, || party.initiate(&peer, &bundle))
    }

    pub(super) fn encrypt(&mut self, step: &Step, party: &Party) -> Outcome {
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
        &mut self,
        step: &Step,
        kind: Option<&Value>,
        expected: Option<Vec<u8>>,
        made: &Message,
    ) -> Outcome {
        if let Some(kind) = kind.and_then(Value::as_u64) {
            expect_eq("the message type", &kind, &u64::from(made.kind))?;
        }
        let Some(mut expected) = expected.filter(|_| self.mode == Mode::Exact) else {
            return Ok(());
        };
        if earlier::is_of_earlier_sender(&expected) {
            self.translated = true;
            expected = earlier::translated(made.kind, &expected, &made.bytes);
        }
        expect_bytes(&format!("the message of step {}", step.n), &expected, &made.bytes)
    }

    pub(super) fn encrypt_many(&mut self, step: &Step, party: &Party) -> Outcome {
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

    pub(super) fn decrypt(&self, transcript: &Transcript, step: &Step, party: &Party) -> Outcome {
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
