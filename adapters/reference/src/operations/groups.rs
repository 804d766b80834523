//! `group.*`.

use std::collections::BTreeSet;

use countersign_protocol::sender_key::DistributionId;
use serde::Deserialize;
use serde_json::json;

use super::Answer;
use crate::ReferenceAdapter;
use crate::arguments::{self, Object, parse};
use crate::hexadecimal::HexBytes;
use crate::party::Address;
use crate::refusal::bad_request;

pub(super) fn create_distribution(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        #[serde(deserialize_with = "arguments::distribution_id")]
        distribution_id: DistributionId,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, randomness| {
        let message = party.distribute(args.distribution_id, randomness);
        Ok(json!({ "message": hex::encode(message) }))
    })
}

pub(super) fn process_distribution(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        sender: Object<Address>,
        message: HexBytes,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, _| {
        party.accept_distribution(args.sender.0, &args.message.0)?;
        Ok(json!({}))
    })
}

pub(super) fn encrypt(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        #[serde(deserialize_with = "arguments::distribution_id")]
        distribution_id: DistributionId,
        plaintext: HexBytes,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, randomness| {
        let mut reply = json!({});
        party.encrypt_for_group(
            args.distribution_id,
            &args.plaintext.0,
            1,
            randomness,
            |_, message| {
                reply = json!({ "message": hex::encode(message) });
            },
        )?;
        Ok(reply)
    })
}

pub(super) fn encrypt_many(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        #[serde(deserialize_with = "arguments::distribution_id")]
        distribution_id: DistributionId,
        plaintext: HexBytes,
        count: u32,
        keep: BTreeSet<u32>,
    }
    let args: Args = parse(args)?;
    if args.keep.iter().any(|index| *index >= args.count) {
        return Err(bad_request("an index to keep is not below the count"));
    }
    adapter.transact(args.party, |party, randomness| {
        let mut messages = Vec::with_capacity(args.keep.len());
        let keep = |index, message: &[u8]| {
            if args.keep.contains(&index) {
                messages.push(json!({ "index": index, "message": hex::encode(message) }));
            }
        };
        party.encrypt_for_group(
            args.distribution_id,
            &args.plaintext.0,
            args.count,
            randomness,
            keep,
        )?;
        Ok(json!({ "messages": messages }))
    })
}

pub(super) fn decrypt(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        sender: Object<Address>,
        message: HexBytes,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, _| {
        let plaintext = party.decrypt_from_group(args.sender.0, &args.message.0)?;
        Ok(json!({ "plaintext": hex::encode(&*plaintext) }))
    })
}

pub(super) fn forget(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        sender: Object<Address>,
        #[serde(deserialize_with = "arguments::distribution_id")]
        distribution_id: DistributionId,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, _| {
        party.forget_sender_key(args.sender.0, args.distribution_id);
        Ok(json!({}))
    })
}
