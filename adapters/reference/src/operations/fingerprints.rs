//! `fingerprint.*`.

use countersign_protocol::fingerprint::{Fingerprint, ScannableFingerprint, Side};
use countersign_protocol::keys::PublicKey;
use countersign_protocol::profile::Profile;
use serde::Deserialize;
use serde_json::json;

use super::Answer;
use crate::arguments::parse;
use crate::hexadecimal::{Hex, HexBytes};

pub(super) fn compute(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        version: u32,
        iterations: u32,
        local_id: HexBytes,
        local_key: Hex<33>,
        remote_id: HexBytes,
        remote_key: Hex<33>,
    }
    let args: Args = parse(args)?;
    let local_key = PublicKey::decode(&*args.local_key.0, Profile::Compatible)?;
    let remote_key = PublicKey::decode(&*args.remote_key.0, Profile::Compatible)?;
    let fingerprint = Fingerprint::compute(
        args.version,
        args.iterations,
        Side { identifier: &args.local_id.0, identity_key: &local_key },
        Side { identifier: &args.remote_id.0, identity_key: &remote_key },
    )?;
    Ok(json!({
        "display": fingerprint.display(),
        "scannable": hex::encode(fingerprint.scannable().encode()),
    }))
}

pub(super) fn compare(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        mine: HexBytes,
        theirs: HexBytes,
    }
    let args: Args = parse(args)?;
    let mine = ScannableFingerprint::decode(&args.mine.0)?;
    Ok(json!({ "match": mine.compare(&args.theirs.0)? }))
}
