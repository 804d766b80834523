//! Safety numbers.

use serde_json::{Value, json};

use super::Made;
use super::file::{BugType, Note, Vector, VectorFile};
use super::scenario::{ANY, Scenario};
use crate::naive::bugs::Bugs;
use crate::naive::fingerprint::{self, Half, Scannable, Side};
use crate::naive::keys::{clamp, public_of};

const NOTES: &[Note] = &[
    Note {
        name: "Numbers",
        bug_type: BugType::Interoperability,
        effect: "The two people see different numbers and learn to ignore the difference.",
        links: &[],
    },
    Note {
        name: "HalfMatch",
        bug_type: BugType::AuthBypass,
        effect: "A code that fits in one half only passes: somebody in the middle is not seen.",
        links: &[],
    },
    Note {
        name: "ScannedEncoding",
        bug_type: BugType::Encoding,
        effect: "A code of another version or with a half missing is compared as if it were whole.",
        links: &[],
    },
    Note {
        name: "Iterations",
        bug_type: BugType::DenialOfService,
        effect: "Any iteration count is accepted: no work at all, or hours of it.",
        links: &[],
    },
];

pub fn file() -> Made<VectorFile> {
    let mut vectors = computed()?;
    vectors.extend(compared()?);
    Ok(VectorFile {
        name: "fingerprint",
        title: "Fingerprints (safety numbers)",
        notes: NOTES,
        vectors,
    })
}

fn sides(vector: &mut Scenario, id_length: usize) -> (Side, Side) {
    let mut side = || Side {
        id: vector.rng.many(id_length),
        key: public_of(&clamp(vector.rng.bytes())).to_vec(),
    };
    (side(), side())
}

fn args(local: &Side, remote: &Side, version: u32, iterations: u32) -> Value {
    json!({
        "version": version, "iterations": iterations,
        "local_id": hex::encode(&local.id), "local_key": hex::encode(&local.key),
        "remote_id": hex::encode(&remote.id), "remote_key": hex::encode(&remote.key),
    })
}

fn computed() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let requirements = ["FINGERPRINT-1", "FINGERPRINT-2", "FINGERPRINT-3"];
    for (version, id_length, iterations) in
        [(0, 16, 5200), (1, 12, 5200), (2, 16, 5200), (2, 0, 2), (2, 16, 3), (2, 100, 1024)]
    {
        let id = format!("fingerprint/compute/v{version}-id-{id_length}-n-{iterations}");
        let comment = "both sides compute; the digits are the same, the scannable forms mirrored";
        let mut vector = Scenario::new(&id, ANY, &requirements, comment);
        let (local, remote) = sides(&mut vector, id_length);
        vector.note("Numbers");
        vector.ok("fingerprint.compute", args(&local, &remote, version, iterations), 0)?;
        vector.ok("fingerprint.compute", args(&remote, &local, version, iterations), 0)?;
        made.push(vector.done());
    }
    for iterations in [0, 1, 1_000_001, u32::MAX] {
        let id = format!("fingerprint/compute/iterations-{iterations}");
        let mut vector = Scenario::new(&id, ANY, &["FINGERPRINT-7"], "out of range");
        let (local, remote) = sides(&mut vector, 16);
        let args = args(&local, &remote, 2, iterations);
        vector.note("Iterations").refused("fingerprint.compute", args, "bad_iterations")?;
        made.push(vector.done());
    }
    Ok(made)
}

/// What is made of the honest code of the other side. `Some(bytes)` are its bytes then.
type Change = fn(&mut Scannable) -> Option<Vec<u8>>;

fn compared() -> Made<Vec<Vector>> {
    use prost::Message as _;
    let cases: [(&str, &str, &'static str, Result<bool, &str>, Change); 16] = [
        ("match", "FINGERPRINT-4", "HalfMatch", Ok(true), |_| None),
        ("own-code", "FINGERPRINT-4", "HalfMatch", Ok(false), |code| {
            std::mem::swap(&mut code.own, &mut code.other);
            None
        }),
        ("other-owner", "FINGERPRINT-4", "HalfMatch", Ok(false), |code| {
            code.own = Some(Half { hash: Some(vec![7; 32]) });
            None
        }),
        ("other-peer", "FINGERPRINT-4", "HalfMatch", Ok(false), |code| {
            code.other = Some(Half { hash: Some(vec![7; 32]) });
            None
        }),
        ("owner-cut", "FINGERPRINT-4", "HalfMatch", Ok(false), |code| {
            if let Some(hash) = code.own.as_mut().and_then(|half| half.hash.as_mut()) {
                hash.truncate(30);
            }
            None
        }),
        ("version-1", "FINGERPRINT-5", "ScannedEncoding", Err("fingerprint_version"), |code| {
            code.version = Some(1);
            None
        }),
        ("no-version", "FINGERPRINT-5", "ScannedEncoding", Err("fingerprint_version"), |code| {
            code.version = None;
            None
        }),
        ("empty", "FINGERPRINT-5", "ScannedEncoding", Err("fingerprint_version"), |_| {
            Some(Vec::new())
        }),
        ("no-owner", "FINGERPRINT-6", "ScannedEncoding", Err("fingerprint_malformed"), |code| {
            code.own = None;
            None
        }),
        ("no-peer", "FINGERPRINT-6", "ScannedEncoding", Err("fingerprint_malformed"), |code| {
            code.other = None;
            None
        }),
        ("no-protobuf", "FINGERPRINT-6", "ScannedEncoding", Err("fingerprint_malformed"), |_| {
            Some(vec![0xff; 3])
        }),
        ("cut", "FINGERPRINT-6", "ScannedEncoding", Err("fingerprint_malformed"), |code| {
            let mut bytes = code.encode_to_vec();
            bytes.pop();
            Some(bytes)
        }),
        ("unknown-field", "FINGERPRINT-8", "ScannedEncoding", Ok(true), |code| {
            Some([code.encode_to_vec(), vec![0x48, 0x01]].concat())
        }),
        ("owner-twice", "FINGERPRINT-9", "ScannedEncoding", Ok(true), |code| {
            let other = Half { hash: Some(vec![7; 32]) };
            let before = Scannable { version: None, own: Some(other), other: None };
            Some([before.encode_to_vec(), code.encode_to_vec()].concat())
        }),
        ("another-owner-behind", "FINGERPRINT-9", "ScannedEncoding", Ok(false), |code| {
            let other = Half { hash: Some(vec![7; 32]) };
            let behind = Scannable { version: None, own: Some(other), other: None };
            Some([code.encode_to_vec(), behind.encode_to_vec()].concat())
        }),
        ("empty-owner-behind", "FINGERPRINT-9", "ScannedEncoding", Ok(true), |code| {
            Some([code.encode_to_vec(), vec![0x12, 0x00]].concat())
        }),
    ];
    let mut made = Vec::new();
    for (slug, requirement, note, expected, change) in cases {
        let id = format!("fingerprint/compare/{slug}");
        let comment = "a code from the other phone, or what somebody made of it";
        let mut vector = Scenario::new(&id, ANY, &[requirement], comment);
        let (local, remote) = sides(&mut vector, 16);
        let code = |own: &Side, other: &Side| {
            fingerprint::compute(own, other, 2, 2, Bugs::NONE).map(|made| made.scannable)
        };
        let mine = code(&local, &remote).unwrap_or_default();
        let theirs = code(&remote, &local).unwrap_or_default();
        let mut theirs = Scannable::decode(&theirs[..]).unwrap_or_default();
        let bytes = change(&mut theirs).unwrap_or_else(|| theirs.encode_to_vec());
        let args = json!({ "mine": hex::encode(mine), "theirs": hex::encode(bytes) });
        vector.note(note);
        match expected {
            Err(code) => vector.refused("fingerprint.compare", args, code)?,
            Ok(expected) => vector.matches(args, expected)?,
        }
        made.push(vector.done());
    }
    Ok(made)
}
