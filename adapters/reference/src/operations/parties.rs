//! `party.*` and `handle.free`.

use countersign_protocol::ids::{
    DeviceId, OneTimePrekeyId, RegistrationId, SignedPrekeyId, UnixMillis,
};
use countersign_protocol::keys::{IdentityKeyPair, KeyPair, PrivateKey, PublicKey, Signature};
use countersign_protocol::native::{AccountId, DeviceName, Incarnation};
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use crate::ReferenceAdapter;
use crate::arguments::{self, Object, parse};
use crate::hexadecimal::Hex;
use crate::party::{Address, Device, Party, Peer, Suite};
use crate::refusal::bad_request;

pub(super) fn create(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        suite: Suite,
        #[serde(deserialize_with = "arguments::profile")]
        profile: Profile,
        name: String,
        #[serde(deserialize_with = "arguments::device_id")]
        device_id: DeviceId,
        registration_id: u32,
        identity_private: Hex<32>,
        incarnation: Hex<16>,
        accept_x3dh: bool,
    }
    let args: Args = parse(args)?;
    let account_id = arguments::uuid(&args.name).map(AccountId);
    let account_id = account_id.ok_or(bad_request("the name is not a UUID"))?;
    let identity = IdentityKeyPair::from_private(PrivateKey::from_bytes(*args.identity_private.0));
    let identity_public = hex::encode(identity.public().to_bytes());
    let party = Party::new(Device {
        suite: args.suite,
        profile: args.profile,
        address: Address { name: args.name, device_id: args.device_id },
        name: DeviceName {
            account_id,
            device_id: args.device_id,
            incarnation: Incarnation(*args.incarnation.0),
        },
        registration_id: RegistrationId(args.registration_id),
        identity,
        accept_x3dh: args.accept_x3dh,
    });
    Ok(json!({ "party": adapter.keep(party), "identity_public": identity_public }))
}

/// The arguments of an operation that takes a party and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyOnly {
    party: u64,
}

pub(super) fn free(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    let args: PartyOnly = parse(args)?;
    adapter.parties.remove(&args.party).ok_or_else(crate::no_such_party)?;
    Ok(json!({}))
}

pub(super) fn clone(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    let args: PartyOnly = parse(args)?;
    let copy = adapter.parties.get(&args.party).ok_or_else(crate::no_such_party)?.clone();
    Ok(json!({ "party": adapter.keep(copy) }))
}

pub(super) fn add_signed_prekey(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        id: u32,
        private: Hex<32>,
        timestamp_ms: u64,
        #[serde(default, deserialize_with = "arguments::present")]
        signature: Option<Hex<64>>,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, randomness| {
        let pair = KeyPair::from_private(PrivateKey::from_bytes(*args.private.0));
        let given = args.signature.map(|signature| Signature::from_bytes(*signature.0));
        let made = UnixMillis(args.timestamp_ms);
        let held = party.add_signed_prekey(SignedPrekeyId(args.id), pair, made, given, randomness);
        Ok(json!({
            "public": hex::encode(held.pair.public().to_bytes()),
            "signature": hex::encode(held.signature.as_bytes()),
        }))
    })
}

pub(super) fn add_one_time_prekey(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        id: u32,
        private: Hex<32>,
        #[serde(default, deserialize_with = "arguments::present")]
        signature: Option<Hex<64>>,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, randomness| {
        let pair = KeyPair::from_private(PrivateKey::from_bytes(*args.private.0));
        let given = args.signature.map(|signature| Signature::from_bytes(*signature.0));
        let held = party.add_one_time_prekey(OneTimePrekeyId(args.id), pair, given, randomness);
        Ok(json!({
            "public": hex::encode(held.pair.public().to_bytes()),
            "signature": held.signature.map(|signature| hex::encode(signature.as_bytes())),
        }))
    })
}

pub(super) fn remove_prekey(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Signed,
        OneTime,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        kind: Kind,
        id: u32,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, _| {
        match args.kind {
            Kind::Signed => party.prekeys.remove_signed(SignedPrekeyId(args.id)),
            Kind::OneTime => drop(party.prekeys.one_time.remove(&OneTimePrekeyId(args.id))),
        }
        Ok(json!({}))
    })
}

pub(super) fn prekeys(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    let args: PartyOnly = parse(args)?;
    adapter.transact(args.party, |party, _| {
        let signed: Vec<_> = party.prekeys.signed.keys().map(|id| id.0).collect();
        let one_time: Vec<_> = party.prekeys.one_time.keys().map(|id| id.0).collect();
        Ok(json!({ "signed": signed, "one_time": one_time }))
    })
}

pub(super) fn bundle(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        signed_prekey_id: u32,
        #[serde(deserialize_with = "arguments::nullable")]
        one_time_prekey_id: Option<u32>,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, _| {
        let signed = signed_prekey(party, SignedPrekeyId(args.signed_prekey_id))?;
        let one_time = args.one_time_prekey_id.map(OneTimePrekeyId);
        let one_time = one_time.map(|id| one_time_prekey(party, id)).transpose()?;
        let device = &party.device;
        let native = device.suite == Suite::RatchetChaCha20;
        Ok(json!({ "bundle": {
            "registration_id": device.registration_id.0,
            "device_id": device.address.device_id.number(),
            "identity_key": hex::encode(device.identity.public().to_bytes()),
            "signed_prekey": signed,
            "one_time_prekey": one_time,
            "name": native.then_some(&device.address.name),
            "incarnation": native.then(|| hex::encode(device.name.incarnation.0)),
        }}))
    })
}

fn signed_prekey(party: &Party, id: SignedPrekeyId) -> Result<Value, Problem> {
    let held = party.prekeys.signed.get(&id).ok_or(Problem::UnknownSignedPrekey)?;
    Ok(json!({
        "id": id.0,
        "public": hex::encode(held.pair.public().to_bytes()),
        "signature": hex::encode(held.signature.as_bytes()),
    }))
}

fn one_time_prekey(party: &Party, id: OneTimePrekeyId) -> Result<Value, Problem> {
    let held = party.prekeys.one_time.get(&id).ok_or(Problem::UnknownPrekey)?;
    Ok(json!({
        "id": id.0,
        "public": hex::encode(held.pair.public().to_bytes()),
        "signature": held.signature.as_ref().map(|signature| hex::encode(signature.as_bytes())),
    }))
}

pub(super) fn trust(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        peer: Object<Peer>,
        identity_key: Hex<33>,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, _| {
        let identity_key = PublicKey::decode(&*args.identity_key.0, party.device.key_profile())?;
        party.trust(args.peer.0.address(), identity_key);
        Ok(json!({}))
    })
}

pub(super) fn fingerprint(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    let args: PartyOnly = parse(args)?;
    adapter.transact(args.party, |party, _| Ok(json!({ "hash": hex::encode(party.digest()) })))
}
