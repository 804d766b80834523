//! The operations: one table from name to function.

mod boxes;
mod fingerprints;
mod groups;
mod keys;
mod parties;
mod sessions;

use countersign_protocol::problem::Problem;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ReferenceAdapter;
use crate::arguments::parse;
use crate::hexadecimal::{Hex, HexBytes};
use crate::randomness::Drawn;
use crate::refusal::{Refusal, bad_request};

/// What the reference library offers.
const CAPABILITIES: [&str; 15] = [
    "signal-v3/1",
    "ratchet-chacha20/1",
    "sender-key-v3/1",
    "box-xsalsa20/1",
    "box-xchacha20/1",
    "xeddsa/1",
    "keys/1",
    "fingerprint/1",
    "profile.compatible",
    "profile.strict",
    "rng.inject",
    "clock.inject",
    "state.fingerprint",
    "state.fork",
    "state.export",
];

type Answer = Result<Value, Refusal>;

/// Performs `op` and drops what is left of the bytes that were loaded for it.
pub(crate) fn perform(adapter: &mut ReferenceAdapter, op: &str, args: &str) -> Answer {
    if op == "rng.load" {
        return load(adapter, args);
    }
    let answer = dispatch(adapter, op, args);
    match adapter.randomness.settle() {
        Drawn::Well => answer,
        Drawn::TooFew => Err(Problem::RngExhausted.into()),
        Drawn::Broken => Err(Problem::Internal.into()),
    }
}

fn dispatch(adapter: &mut ReferenceAdapter, op: &str, args: &str) -> Answer {
    match op {
        "hello" => hello(adapter, args),
        "bye" => bye(adapter, args),
        "handle.free" => parties::free(adapter, args),
        "key.public" => keys::public(args),
        "key.decode" => keys::decode(args),
        "key.agree" => keys::agree(args),
        "xeddsa.sign" => keys::sign(args),
        "xeddsa.verify" => keys::verify(args),
        "fingerprint.compute" => fingerprints::compute(args),
        "fingerprint.compare" => fingerprints::compare(args),
        "box.seal" => boxes::seal(args),
        "box.open" => boxes::open(args),
        "box.seal_message" => boxes::seal_message(args, &mut adapter.randomness),
        "box.open_message" => boxes::open_message(args),
        "party.create" => parties::create(adapter, args),
        "party.clone" => parties::clone(adapter, args),
        "party.add_signed_prekey" => parties::add_signed_prekey(adapter, args),
        "party.add_one_time_prekey" => parties::add_one_time_prekey(adapter, args),
        "party.remove_prekey" => parties::remove_prekey(adapter, args),
        "party.prekeys" => parties::prekeys(adapter, args),
        "party.bundle" => parties::bundle(adapter, args),
        "party.trust" => parties::trust(adapter, args),
        "party.fingerprint" => parties::fingerprint(adapter, args),
        "session.initiate" => sessions::initiate(adapter, args),
        "session.encrypt" => sessions::encrypt(adapter, args),
        "session.encrypt_many" => sessions::encrypt_many(adapter, args),
        "session.decrypt" => sessions::decrypt(adapter, args),
        "session.archive" => sessions::archive(adapter, args),
        "session.delete" => sessions::delete(adapter, args),
        "session.export" => sessions::export(adapter, args),
        "session.import" => sessions::import(adapter, args),
        "group.create_distribution" => groups::create_distribution(adapter, args),
        "group.process_distribution" => groups::process_distribution(adapter, args),
        "group.encrypt" => groups::encrypt(adapter, args),
        "group.encrypt_many" => groups::encrypt_many(adapter, args),
        "group.decrypt" => groups::decrypt(adapter, args),
        "group.forget" => groups::forget(adapter, args),
        _ => Err(Refusal::Unsupported(op.to_owned())),
    }
}

fn hello(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        protocol: Vec<u32>,
        #[serde(rename = "suite")]
        _suite: String,
        seed: Hex<32>,
    }
    let args: Args = parse(args)?;
    if !args.protocol.contains(&1) {
        return Err(bad_request("only version 1 of the line protocol is spoken"));
    }
    adapter.randomness.seed(*args.seed.0);
    Ok(json!({
        "protocol": 1,
        "implementation": {
            "name": "countersign-protocol",
            "version": env!("CARGO_PKG_VERSION"),
            "language": "Rust",
        },
        "roles": ["library"],
        "capabilities": CAPABILITIES,
    }))
}

/// The arguments of an operation that takes none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn bye(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    let Nothing {} = parse(args)?;
    adapter.ended = true;
    Ok(json!({}))
}

fn load(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        bytes: HexBytes,
    }
    let args: Args = parse(args)?;
    adapter.randomness.load(args.bytes.0);
    Ok(json!({}))
}
