//! Operations `fingerprint.*`, `box.*` and `group.*`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::args::{Args, bad};
use super::{NaiveAdapter, Op};
use crate::naive::boxes::{self, MessageDraws, Suite};
use crate::naive::bugs::Bug;
use crate::naive::fault::Outcome;
use crate::naive::fingerprint::{self, Side};
use crate::naive::groups::{self, Slot};
use crate::naive::party::Party;

pub const OPS: &[(&str, Op)] = &[
    ("fingerprint.compute", fingerprint_compute),
    ("fingerprint.compare", fingerprint_compare),
    ("box.seal", box_seal),
    ("box.open", box_open),
    ("box.seal_message", box_seal_message),
    ("box.open_message", box_open_message),
    ("group.create_distribution", group_create_distribution),
    ("group.process_distribution", group_process_distribution),
    ("group.encrypt", group_encrypt),
    ("group.encrypt_many", group_encrypt_many),
    ("group.decrypt", group_decrypt),
    ("group.forget", group_forget),
];

pub const CAPABILITIES: &[&str] = &[
    "ratchet-chacha20/1",
    "sender-key-v3/1",
    "box-xsalsa20/1",
    "box-xchacha20/1",
    "fingerprint/1",
];

fn fingerprint_compute(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (version, iterations) = (args.u32("version")?, args.u32("iterations")?);
    let local = Side { id: args.hex("local_id")?, key: args.public("local_key")?.to_vec() };
    let remote = Side { id: args.hex("remote_id")?, key: args.public("remote_key")?.to_vec() };
    args.done()?;
    let made = fingerprint::compute(&local, &remote, version, iterations, adapter.bugs)?;
    Ok(json!({ "display": made.display, "scannable": hex::encode(made.scannable) }))
}

fn fingerprint_compare(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (mine, theirs) = (args.hex("mine")?, args.hex("theirs")?);
    args.done()?;
    Ok(json!({ "match": fingerprint::compare(&mine, &theirs, adapter.bugs)? }))
}

/// Suite, private key, public key and nonce.
fn box_args(args: &mut Args) -> Outcome<(Suite, [Vec<u8>; 3])> {
    let name = args.text("suite")?;
    let suite = Suite::from_name(&name).ok_or_else(|| bad(format!("no box {name}")))?;
    Ok((suite, [args.hex("private")?, args.hex("public")?, args.hex("nonce")?]))
}

fn box_seal(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (suite, [private, public, nonce]) = box_args(args)?;
    let plaintext = args.hex("plaintext")?;
    args.done()?;
    let sealed = boxes::seal(suite, &private, &public, &nonce, &plaintext, adapter.bugs)?;
    Ok(json!({ "ciphertext": hex::encode(sealed) }))
}

fn box_open(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (suite, [private, public, nonce]) = box_args(args)?;
    let ciphertext = args.hex("ciphertext")?;
    args.done()?;
    let opened = boxes::open(suite, &private, &public, &nonce, &ciphertext, adapter.bugs)?;
    Ok(json!({ "plaintext": hex::encode(opened) }))
}

fn box_seal_message(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let private = args.hex_n::<32>("private")?;
    let recipients = args.list("recipients")?.into_iter().map(recipient);
    let recipients = recipients.collect::<Outcome<Vec<_>>>()?;
    let (header, content) = (args.hex("header")?, args.hex("content")?);
    args.done()?;
    let content_key = adapter.draws.take()?;
    let nonces = recipients.iter().map(|_| adapter.draws.take()).collect::<Outcome<_>>()?;
    let draws = MessageDraws { content_key, nonces };
    let message =
        boxes::seal_message(&private, &recipients, &header, &content, &draws, adapter.bugs)?;
    let slots: Vec<String> = message.slots.iter().map(hex::encode).collect();
    Ok(json!({ "content": hex::encode(message.content), "slots": slots }))
}

fn recipient(value: Value) -> Outcome<Vec<u8>> {
    let mut args = Args { values: [("recipients".to_owned(), value)].into_iter().collect() };
    args.hex_n::<32>("recipients").map(Into::into)
}

fn box_open_message(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (private, public) = (args.hex_n::<32>("private")?, args.hex_n::<32>("public")?);
    let (slot, content) = (args.hex("slot")?, args.hex("content")?);
    args.done()?;
    let (header, content) = boxes::open_message(&private, &public, &slot, &content, adapter.bugs)?;
    Ok(json!({ "header": hex::encode(header), "content": hex::encode(content) }))
}

/// The 16 bytes of a UUID in lower-case text.
fn uuid(text: &str) -> Outcome<[u8; 16]> {
    let wrong = || bad(format!("{text} is no lower-case UUID"));
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    if parts != [8, 4, 4, 4, 12] || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(wrong());
    }
    let bytes = hex::decode(text.replace('-', "")).map_err(|_| wrong())?;
    bytes.try_into().map_err(|_| wrong())
}

/// Name and device id of the member that a message comes from.
fn sender(args: &mut Args) -> Outcome<(String, u32)> {
    let mut fields = args.object("sender")?;
    let sender = (fields.text("name")?, fields.u32("device_id")?);
    fields.done()?;
    if !(1..=127).contains(&sender.1) {
        return Err(bad("device_id is not 1 to 127"));
    }
    Ok(sender)
}

fn own_slot(party: &Party, distribution_id: [u8; 16]) -> Slot {
    groups::slot((&party.name, party.device_id), distribution_id, party.bugs)
}

fn group_create_distribution(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, id) = (args.u64("party")?, uuid(&args.text("distribution_id")?)?);
    args.done()?;
    let (party, draws) = adapter.party_and_draws(handle)?;
    let message = party.attempt(|party| {
        let slot = own_slot(party, id);
        party.sender_keys.create_distribution(&slot, draws, party.bugs)
    })?;
    Ok(json!({ "message": hex::encode(message) }))
}

fn group_process_distribution(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, (name, device)) = (args.u64("party")?, sender(args)?);
    let message = args.hex("message")?;
    args.done()?;
    adapter.party(handle)?.attempt(|party| {
        let (profile, bugs) = (party.profile, party.bugs);
        party.sender_keys.process_distribution((&name, device), &message, profile, bugs)
    })?;
    Ok(json!({}))
}

fn group_encrypt(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, id) = (args.u64("party")?, uuid(&args.text("distribution_id")?)?);
    let plaintext = args.hex("plaintext")?;
    args.done()?;
    let (party, draws) = adapter.party_and_draws(handle)?;
    let message = party.attempt(|party| {
        let slot = own_slot(party, id);
        party.sender_keys.encrypt(&slot, &plaintext, draws, party.bugs)
    })?;
    Ok(json!({ "message": hex::encode(message) }))
}

fn group_encrypt_many(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, id) = (args.u64("party")?, uuid(&args.text("distribution_id")?)?);
    let (plaintext, count) = (args.hex("plaintext")?, args.u32("count")?);
    let keep = args.u32_list("keep")?;
    args.done()?;
    if keep.iter().any(|index| *index >= count) {
        return Err(bad("keep is beyond count"));
    }
    let (party, draws) = adapter.party_and_draws(handle)?;
    let mut kept = party.attempt(|party| {
        let slot = own_slot(party, id);
        let mut kept = BTreeMap::new();
        for index in 0..count {
            let message = party.sender_keys.encrypt(&slot, &plaintext, draws, party.bugs)?;
            if keep.contains(&index) {
                kept.insert(index, message);
            }
        }
        Ok(kept)
    })?;
    let messages: Vec<Value> = keep
        .iter()
        .filter_map(|index| {
            let message = kept.remove(index)?;
            Some(json!({ "index": index, "message": hex::encode(message) }))
        })
        .collect();
    Ok(json!({ "messages": messages }))
}

fn group_decrypt(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, (name, device)) = (args.u64("party")?, sender(args)?);
    let message = args.hex("message")?;
    args.done()?;
    let plaintext = adapter.party(handle)?.attempt(|party| {
        let (profile, bugs) = (party.profile, party.bugs);
        let outcome = party.sender_keys.decrypt((&name, device), &message, profile, bugs);
        party.leaks = bugs.has(Bug::Group19AdvancedBeforeSignature);
        outcome
    })?;
    Ok(json!({ "plaintext": hex::encode(plaintext) }))
}

fn group_forget(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, (name, device)) = (args.u64("party")?, sender(args)?);
    let id = uuid(&args.text("distribution_id")?)?;
    args.done()?;
    let party = adapter.party(handle)?;
    party.sender_keys.slots.remove(&groups::slot((&name, device), id, party.bugs));
    Ok(json!({}))
}
