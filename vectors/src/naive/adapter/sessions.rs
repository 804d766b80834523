//! Operations `session.*`.

use serde_json::{Value, json};

use super::args::{Args, bad};
use super::parties::peer_of;
use super::{NaiveAdapter, Op};
use crate::naive::fault::Outcome;
use crate::naive::party::{Address, Party};
use crate::naive::primitives::Draws;
use crate::naive::{session, state};

pub const OPS: &[(&str, Op)] = &[
    ("session.initiate", initiate),
    ("session.encrypt", encrypt),
    ("session.encrypt_many", encrypt_many),
    ("session.decrypt", decrypt),
    ("session.archive", archive),
    ("session.delete", delete),
    ("session.export", export),
    ("session.import", import),
];

/// Takes `party` and `peer`, refuses what is left over, and gives both for changing.
fn both<'a>(
    adapter: &'a mut NaiveAdapter,
    args: &mut Args,
) -> Outcome<(&'a mut Party, Address, &'a mut Draws)> {
    let (handle, peer) = (args.u64("party")?, args.address("peer")?);
    args.done()?;
    let (party, draws) = adapter.party_and_draws(handle)?;
    let peer = peer_of(party, peer)?;
    Ok((party, peer, draws))
}

fn initiate(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (bundle, now_ms) = (args.bundle()?, args.ms("now_ms")?);
    let (party, peer, draws) = both(adapter, args)?;
    session::initiate(party, &peer, &bundle, now_ms, draws)?;
    Ok(json!({}))
}

fn encrypt(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (plaintext, now_ms) = (args.hex("plaintext")?, args.ms("now_ms")?);
    let (party, peer, draws) = both(adapter, args)?;
    let sealed = session::encrypt(party, &peer, &plaintext, now_ms, draws)?;
    Ok(json!({ "type": sealed.kind, "message": hex::encode(sealed.bytes) }))
}

fn encrypt_many(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (plaintext, now_ms) = (args.hex("plaintext")?, args.ms("now_ms")?);
    let (count, keep) = (args.u32("count")?, args.u32_list("keep")?);
    if keep.iter().any(|&index| index >= count) {
        return Err(bad("an index to keep is beyond the count"));
    }
    let (party, peer, draws) = both(adapter, args)?;
    let kept = session::encrypt_many(party, &peer, &plaintext, count, &keep, now_ms, draws)?;
    let messages: Vec<Value> = kept
        .into_iter()
        .map(|(index, sealed)| {
            json!({ "index": index, "type": sealed.kind, "message": hex::encode(sealed.bytes) })
        })
        .collect();
    Ok(json!({ "messages": messages }))
}

fn decrypt(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let kind = match args.u64("type")? {
        2 => session::RATCHET,
        3 => session::PREKEY,
        other => return Err(bad(format!("no type {other}"))),
    };
    let message = args.hex("message")?;
    args.ms("now_ms")?;
    let (party, peer, draws) = both(adapter, args)?;
    let plaintext = session::decrypt(party, &peer, kind, &message, draws)?;
    Ok(json!({ "plaintext": hex::encode(plaintext) }))
}

fn archive(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (party, peer, _) = both(adapter, args)?;
    session::archive(party, &peer)?;
    Ok(json!({}))
}

fn delete(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (party, peer, _) = both(adapter, args)?;
    session::delete(party, &peer);
    Ok(json!({}))
}

fn export(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (party, peer, _) = both(adapter, args)?;
    let bytes = state::export(party, &session::record_key(party, &peer))?;
    Ok(json!({ "state": hex::encode(bytes) }))
}

fn import(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let bytes = args.hex("state")?;
    let (party, peer, _) = both(adapter, args)?;
    let key = session::record_key(party, &peer);
    state::import(party, &key, &bytes)?;
    Ok(json!({}))
}
