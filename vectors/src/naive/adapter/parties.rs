//! Operations `party.*` and `handle.free`.

use serde_json::{Value, json};

use super::args::{Args, bad, is_uuid};
use super::{NaiveAdapter, Op};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::{Profile, decode_public};
use crate::naive::party::{Address, Bundle, BundleKey, Party, Suite};
use crate::naive::state;

pub const OPS: &[(&str, Op)] = &[
    ("handle.free", handle_free),
    ("party.create", create),
    ("party.clone", clone),
    ("party.add_signed_prekey", add_signed_prekey),
    ("party.add_one_time_prekey", add_one_time_prekey),
    ("party.remove_prekey", remove_prekey),
    ("party.prekeys", prekeys),
    ("party.bundle", bundle),
    ("party.trust", trust),
    ("party.fingerprint", fingerprint),
];

fn handle_free(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let handle = args.u64("party")?;
    args.done()?;
    adapter.party(handle)?;
    adapter.parties.remove(&handle);
    Ok(json!({}))
}

fn create(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let suite = match args.text("suite")?.as_str() {
        "signal-v3" => Suite::SignalV3,
        "ratchet-chacha20" => Suite::RatchetChacha20,
        other => return Err(bad(format!("no suite {other}"))),
    };
    let profile = args.profile()?;
    if profile == Profile::Native {
        return Err(bad("no profile native here"));
    }
    let (name, device_id) = (args.uuid("name")?, args.device_id()?);
    let registration_id = args.u32("registration_id")?;
    let identity = args.hex_n::<32>("identity_private")?;
    let incarnation = args.hex_n::<16>("incarnation")?;
    let accept_x3dh = args.bool("accept_x3dh")?;
    args.done()?;
    let mut party = Party::new(suite, profile, &name, device_id, identity, adapter.bugs);
    party.registration_id = registration_id;
    party.incarnation = incarnation;
    party.accept_x3dh = accept_x3dh;
    let public = party.identity.public;
    let handle = adapter.keep(party);
    Ok(json!({ "party": handle, "identity_public": hex::encode(public) }))
}

fn clone(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let handle = args.u64("party")?;
    args.done()?;
    let copy = adapter.party(handle)?.clone();
    Ok(json!({ "party": adapter.keep(copy) }))
}

fn add_signed_prekey(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, id) = (args.u64("party")?, args.u32("id")?);
    let private = args.hex_n::<32>("private")?;
    let timestamp_ms = args.ms("timestamp_ms")?;
    let signature = args.optional_hex_n::<64>("signature")?;
    args.done()?;
    let (party, draws) = adapter.party_and_draws(handle)?;
    let key = party.add_signed_prekey(id, private, timestamp_ms, signature, draws)?;
    Ok(json!({
        "public": hex::encode(key.pair.public),
        "signature": hex::encode(key.signature),
    }))
}

fn add_one_time_prekey(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, id) = (args.u64("party")?, args.u32("id")?);
    let private = args.hex_n::<32>("private")?;
    let signature = args.optional_hex_n::<64>("signature")?;
    args.done()?;
    let (party, draws) = adapter.party_and_draws(handle)?;
    if party.suite == Suite::SignalV3 && signature.is_some() {
        return Err(bad("one-time prekeys are not signed in suite signal-v3"));
    }
    let key = party.add_one_time_prekey(id, private, signature, draws)?;
    Ok(json!({
        "public": hex::encode(key.pair.public),
        "signature": key.signature.map(hex::encode),
    }))
}

fn remove_prekey(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, kind, id) = (args.u64("party")?, args.text("kind")?, args.u32("id")?);
    args.done()?;
    let party = adapter.party(handle)?;
    match kind.as_str() {
        "signed" => party.remove_signed_prekey(id),
        "one_time" => {
            party.one_time_prekeys.remove(&id);
        }
        other => return Err(bad(format!("no kind {other}"))),
    }
    Ok(json!({}))
}

fn prekeys(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let handle = args.u64("party")?;
    args.done()?;
    let party = adapter.party(handle)?;
    let signed: Vec<u32> = party.signed_prekeys.keys().copied().collect();
    let one_time: Vec<u32> = party.one_time_prekeys.keys().copied().collect();
    Ok(json!({ "signed": signed, "one_time": one_time }))
}

fn bundle(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let handle = args.u64("party")?;
    let signed_id = args.u32("signed_prekey_id")?;
    let one_time_id = args.nullable("one_time_prekey_id", |args| args.u32("one_time_prekey_id"))?;
    args.done()?;
    let party = adapter.party(handle)?;
    let missing = if party.signed_prekeys.contains_key(&signed_id) {
        Code::UnknownPrekey
    } else {
        Code::UnknownSignedPrekey
    };
    let bundle = party
        .bundle(signed_id, one_time_id)
        .ok_or_else(|| Fault::new(missing, "no such prekey"))?;
    Ok(json!({ "bundle": bundle_value(&bundle) }))
}

fn bundle_value(bundle: &Bundle) -> Value {
    let key = |key: &BundleKey| {
        json!({
            "id": key.id,
            "public": hex::encode(&key.public),
            "signature": key.signature.as_ref().map(hex::encode),
        })
    };
    json!({
        "registration_id": bundle.registration_id,
        "device_id": bundle.device_id,
        "identity_key": hex::encode(&bundle.identity_key),
        "signed_prekey": key(&bundle.signed_prekey),
        "one_time_prekey": bundle.one_time_prekey.as_ref().map(key),
        "name": bundle.name,
        "incarnation": bundle.incarnation.map(hex::encode),
    })
}

fn trust(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (handle, peer) = (args.u64("party")?, args.address("peer")?);
    let identity = args.public("identity_key")?;
    args.done()?;
    let party = adapter.party(handle)?;
    let peer = peer_of(party, peer)?;
    let identity = decode_public(&identity, party.profile, party.bugs)?;
    party.trust(&peer, identity);
    Ok(json!({}))
}

/// The peer as this party's suite addresses it.
pub fn peer_of(party: &Party, mut peer: Address) -> Outcome<Address> {
    match party.suite {
        Suite::SignalV3 => peer.incarnation = None,
        Suite::RatchetChacha20 => {
            if !is_uuid(&peer.name) || peer.incarnation.is_none() {
                return Err(bad("peer is not a UUID with an incarnation"));
            }
        }
    }
    Ok(peer)
}

fn fingerprint(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let handle = args.u64("party")?;
    args.done()?;
    let hash = state::fingerprint(adapter.party(handle)?);
    Ok(json!({ "hash": hex::encode(hash) }))
}
