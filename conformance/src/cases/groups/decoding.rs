//! Messages that cannot be decoded, all of them rightly signed.

use countersign_vectors::naive::groups::wire::{DistributionFields, MessageFields, VERSION};
use prost::Message as _;

use super::member::Group;
use crate::{
    case::{Outcome, Stop},
    expect::refuses_unchanged,
    run::Run,
};

/// A field that nobody knows, so that no message is too short: number 15, 64 bytes.
fn stuffing() -> Vec<u8> {
    [&[15 << 3 | 2, 64][..], &[0; 64]].concat()
}

fn refuses_distribution(group: &Group, message: &[u8], code: &str) -> Outcome {
    let process = || group.subject.process_distribution(&group.member.peer, message);
    refuses_unchanged(&group.subject, code, process)
}

/// Fewer than 65 bytes, of either message.
pub(super) fn too_short(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let message = group.member.message(0);
    let distribution = group.member.rotated()?.distribution();
    for length in [0, 1, 2, 32, 63, 64] {
        group.refuses(message.get(..length).unwrap_or_default(), "too_short")?;
        refuses_distribution(&group, distribution.get(..length).unwrap_or_default(), "too_short")?;
    }
    group.reads(&group.member, 0)
}

/// Version nibbles below and above 3, of either message.
pub(super) fn version(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let fields = group.member.fields(0).encode_to_vec();
    let distribution = group.member.rotated()?.distribution();
    let legacy = [0x03, 0x13, 0x23, 0x22].map(|version| (version, "legacy_version"));
    let unknown = [0x43, 0x44, 0xf3, 0x53].map(|version| (version, "unknown_version"));
    for (version, code) in legacy.into_iter().chain(unknown) {
        group.refuses(&group.member.sign(version, &fields), code)?;
        let mut other = distribution.clone();
        if let Some(first) = other.first_mut() {
            *first = version;
        }
        refuses_distribution(&group, &other, code)?;
    }
    group.reads(&group.member, 0)
}

/// Absent fields, and distribution ids of 15, 17 and 0 bytes.
pub(super) fn message_fields(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let honest = group.member.fields(0);
    let id = honest.distribution_id.clone().unwrap_or_default();
    let resized = |length| Some(id.iter().copied().chain([0]).take(length).collect::<Vec<u8>>());
    let with_id = |length| MessageFields { distribution_id: resized(length), ..honest.clone() };
    let wrong = [
        with_id(15),
        with_id(17),
        with_id(0),
        MessageFields { distribution_id: None, ..honest.clone() },
        MessageFields { chain_id: None, ..honest.clone() },
        MessageFields { iteration: None, ..honest.clone() },
        MessageFields { ciphertext: None, ..honest.clone() },
    ];
    for fields in wrong {
        let protobuf = [fields.encode_to_vec(), stuffing()].concat();
        group.refuses(&group.member.sign(VERSION, &protobuf), "malformed")?;
    }
    group.refuses(&group.member.sign(VERSION, &[0x0a, 0x7f]), "malformed")?;
    group.reads(&group.member, 0)
}

/// Absent fields, and lengths that are not 16, 32 and 33.
pub(super) fn distribution_fields(run: &mut Run) -> Outcome {
    let group = Group::new(run)?;
    let newer = group.member.rotated()?;
    let honest = newer.state.describe(newer.id.1).fields();
    for fields in wrong_distributions(&honest) {
        let message = [vec![VERSION], fields.encode_to_vec(), stuffing()].concat();
        refuses_distribution(&group, &message, "malformed")?;
    }
    let message = [vec![VERSION], honest.encode_to_vec(), stuffing()].concat();
    group.subject.process_distribution(&newer.peer, &message)?;
    group.reads(&newer, 0)?;
    Ok::<_, Stop>(())
}

/// A signing key that no encoder writes: its u-coordinate with the top bit set, and p + 1.
pub(super) fn signing_key_not_canonical(run: &mut Run) -> Outcome {
    let group = Group::strict(run)?;
    let newer = group.member.rotated()?;
    let honest = newer.state.describe(newer.id.1).fields();
    let mut marked = honest.signing_key.clone().unwrap_or_default();
    marked.iter_mut().skip(32).for_each(|byte| *byte |= 0x80);
    let mut above = [0xff; 33];
    above[0] = 0x05;
    above[1] = 0xee;
    above[32] = 0x7f;
    for key in [marked, above.to_vec()] {
        let fields = DistributionFields { signing_key: Some(key), ..honest.clone() };
        let message = [vec![VERSION], fields.encode_to_vec()].concat();
        refuses_distribution(&group, &message, "bad_key")?;
    }
    group.reads(&group.member, 0)
}

fn wrong_distributions(honest: &DistributionFields) -> Vec<DistributionFields> {
    let resized = |bytes: &Option<Vec<u8>>, length| {
        bytes.as_ref().map(|bytes| bytes.iter().copied().chain([0]).take(length).collect())
    };
    let mut wrong = vec![
        DistributionFields { distribution_id: None, ..honest.clone() },
        DistributionFields { chain_id: None, ..honest.clone() },
        DistributionFields { iteration: None, ..honest.clone() },
        DistributionFields { chain_key: None, ..honest.clone() },
        DistributionFields { signing_key: None, ..honest.clone() },
    ];
    for length in [15, 17] {
        let distribution_id = resized(&honest.distribution_id, length);
        wrong.push(DistributionFields { distribution_id, ..honest.clone() });
    }
    for length in [31, 33] {
        let chain_key = resized(&honest.chain_key, length);
        wrong.push(DistributionFields { chain_key, ..honest.clone() });
    }
    for length in [32, 34] {
        let signing_key = resized(&honest.signing_key, length);
        wrong.push(DistributionFields { signing_key, ..honest.clone() });
    }
    wrong
}
