//! Bytes that are no message of this suite.

use prost::Message as _;

use super::crafted::{alice_state, craft_state, keys_at, sign, uuid};
use super::{group, scenario};
use crate::generator::Made;
use crate::generator::file::Vector;
use crate::naive::bugs::Bugs;
use crate::naive::groups::wire::{
    Distribution, DistributionFields, MessageFields, SenderKeyMessage,
};
use crate::naive::primitives::{cbc_encrypt, pad};

pub(super) fn encodings() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let messages: [(&str, &str, &str, u8, fn(&mut MessageFields)); 8] = [
        ("version-2", "GROUP-21", "legacy_version", 0x23, |_| {}),
        ("version-4", "GROUP-21", "unknown_version", 0x43, |_| {}),
        ("no-distribution-id", "GROUP-22", "malformed", 0x33, |f| f.distribution_id = None),
        ("no-chain-id", "GROUP-22", "malformed", 0x33, |f| f.chain_id = None),
        ("no-iteration", "GROUP-22", "malformed", 0x33, |f| f.iteration = None),
        ("no-ciphertext", "GROUP-22", "malformed", 0x33, |f| f.ciphertext = None),
        ("distribution-id-15-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.distribution_id.iter_mut().for_each(|id| id.truncate(15));
        }),
        ("distribution-id-17-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.distribution_id.iter_mut().for_each(|id| id.push(0));
        }),
    ];
    for (slug, requirement, code, version, change) in messages {
        let comment = "a message with a right signature over a wrong encoding";
        let slug = format!("message/{slug}");
        let mut v = scenario(&slug, &[requirement], "Encoding", comment);
        let id = group(&mut v)?;
        let mut state = alice_state(&v)?;
        let (iv, key) = keys_at(&mut state, 0);
        let message = SenderKeyMessage {
            distribution_id: uuid(&id),
            chain_id: state.chain_id,
            iteration: 0,
            ciphertext: cbc_encrypt(&key, &iv, &pad(b"encoded", Bugs::NONE)),
        };
        let mut fields = message.fields();
        change(&mut fields);
        let message = sign(&mut v, &state, version, &fields.encode_to_vec());
        v.group_refused("bob", "alice", &message, code)?;
        made.push(v.done());
    }
    for length in [0, 1, 64] {
        let slug = format!("message/{length}-bytes");
        let mut v = scenario(&slug, &["GROUP-20"], "Encoding", "too short for a signature");
        group(&mut v)?;
        v.group_refused("bob", "alice", &vec![0x33; length], "too_short")?;
        made.push(v.done());
    }
    made.extend(distributions()?);
    Ok(made)
}

fn distributions() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let cases: [(&str, &str, &str, u8, fn(&mut DistributionFields)); 12] = [
        ("version-2", "GROUP-21", "legacy_version", 0x23, |_| {}),
        ("version-4", "GROUP-21", "unknown_version", 0x43, |_| {}),
        ("no-distribution-id", "GROUP-22", "malformed", 0x33, |f| f.distribution_id = None),
        ("no-chain-id", "GROUP-22", "malformed", 0x33, |f| f.chain_id = None),
        ("no-iteration", "GROUP-22", "malformed", 0x33, |f| f.iteration = None),
        ("no-signing-key", "GROUP-20", "too_short", 0x33, |f| f.signing_key = None),
        ("chain-key-31-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.chain_key.iter_mut().for_each(|key| key.truncate(31));
        }),
        ("chain-key-33-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.chain_key.iter_mut().for_each(|key| key.push(0));
        }),
        ("signing-key-32-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.signing_key.iter_mut().for_each(|key| key.truncate(32));
        }),
        ("signing-key-34-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.signing_key.iter_mut().for_each(|key| key.push(0));
        }),
        ("signing-key-type-6", "PRIM-6", "bad_key_type", 0x33, |f| {
            f.signing_key.iter_mut().for_each(|key| key[0] = 6);
        }),
        ("distribution-id-15-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.distribution_id.iter_mut().for_each(|id| id.truncate(15));
        }),
    ];
    for (slug, requirement, code, version, change) in cases {
        let comment = "a distribution message with a wrong encoding";
        let slug = format!("distribution/{slug}");
        let mut v = scenario(&slug, &[requirement], "Encoding", comment);
        for label in ["alice", "bob"] {
            v.party(label, "signal-v3")?;
        }
        let (id, state) = (v.rng.uuid(), craft_state(&mut v)?);
        let described: Distribution = state.describe(uuid(&id));
        let mut fields = described.fields();
        change(&mut fields);
        let message = [vec![version], fields.encode_to_vec()].concat();
        let args = v.member_args("bob", "alice", &message)?;
        v.refused("group.process_distribution", args, code)?;
        made.push(v.done());
    }
    Ok(made)
}
