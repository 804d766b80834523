//! Replays the steps of sender-key scenarios.

use serde_json::Value;

use super::{
    format::{Step, Transcript},
    parties::{bytes, defect},
    replay::{Mode, Player, judged},
};
use crate::{
    case::{Outcome, Stop},
    expect::{expect_bytes, expect_eq},
    subject::{party::Party, types::Message},
};

/// Length of the signature at the end of a sender-key message, in bytes.
const SIGNATURE_BYTES: usize = 64;

pub(super) fn is_group(op: &str) -> bool {
    op.starts_with("group_")
        || matches!(op, "create_distribution" | "process_distribution" | "delete_sender_key")
}

pub(super) fn carry_out(
    player: &mut Player,
    transcript: &Transcript,
    step: &Step,
    party: &Party,
) -> Outcome {
    let id = step.distribution_id.as_str();
    match step.op.as_str() {
        "create_distribution" => {
            player.load_rng(step, party, &["chain_id_bytes", "chain_key", "signing_private"])?;
            let made = party.create_distribution(id)?;
            keep(player, step, made)
        }
        "group_encrypt" => {
            player.load_rng(step, party, &["signature_random"])?;
            let plaintext = bytes(&step.plaintext)?;
            if !step.worked() {
                return judged(step, party, || party.group_encrypt(id, &plaintext).map(drop));
            }
            let made = party.group_encrypt(id, &plaintext)?;
            keep(player, step, made)
        }
        "group_encrypt_many" => encrypt_many(player, step, party),
        "process_distribution" => {
            let (sender, message) =
                (player.parties.address(&step.sender)?, player.incoming(transcript, step)?);
            judged(step, party, || party.process_distribution(&sender, &message))
        }
        "group_decrypt" => decrypt(player, transcript, step, party),
        "delete_sender_key" => Ok(party.group_forget(&player.parties.address(&step.sender)?, id)?),
        other => Err(Stop::Unsupported(format!("replay of {other}"))),
    }
}

fn keep(player: &mut Player, step: &Step, made: Vec<u8>) -> Outcome {
    if let (Mode::Exact, Some(expected)) =
        (&player.mode, step.expected_bytes("message").map_err(defect)?)
    {
        expect_bytes("the message", &expected, &made)?;
    }
    player.produced.keep(step.n, None, Message { kind: 2, bytes: made });
    Ok(())
}

fn encrypt_many(player: &mut Player, step: &Step, party: &Party) -> Outcome {
    let indices: Vec<u32> = step.kept.keys().filter_map(|index| index.parse().ok()).collect();
    let made = party.group_encrypt_many(
        &step.distribution_id,
        &bytes(&step.plaintext)?,
        step.count,
        &indices,
    )?;
    expect_eq("the number of kept messages", &indices.len(), &made.len())?;
    for (index, message) in made {
        let recorded = step.kept.get(&index.to_string()).and_then(Value::as_str);
        if let (Mode::Exact, Some(recorded)) = (&player.mode, recorded) {
            // The randomness of these signatures was not recorded, everything before them is fixed.
            let recorded = bytes(recorded)?;
            expect_bytes(
                "the message up to its signature",
                unsigned(&recorded),
                unsigned(&message),
            )?;
        }
        player.produced.keep(step.n, Some(index), Message { kind: 2, bytes: message });
    }
    Ok(())
}

fn unsigned(message: &[u8]) -> &[u8] {
    message.get(..message.len().saturating_sub(SIGNATURE_BYTES)).unwrap_or_default()
}

fn decrypt(player: &Player, transcript: &Transcript, step: &Step, party: &Party) -> Outcome {
    let (sender, message) =
        (player.parties.address(&step.sender)?, player.incoming(transcript, step)?);
    if !step.worked() {
        return judged(step, party, || party.group_decrypt(&sender, &message).map(drop));
    }
    let plaintext = party.group_decrypt(&sender, &message)?;
    match step.expected_bytes("plaintext").map_err(defect)? {
        Some(expected) => expect_bytes("the plaintext", &expected, &plaintext),
        None => Ok(()),
    }
}
