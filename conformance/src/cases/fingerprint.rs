//! Cases of the fingerprint requirements. Spec: `spec/identity.md#fingerprints`.

use countersign_vectors::naive::{
    bugs::Bugs,
    fingerprint::{self, Fingerprint, Half, Scannable, Side},
    keys::public_of,
};
use prost::Message as _;

use crate::{
    case::{
        Case, Outcome,
        Severity::{Interop, Robustness, Security, Spec},
        Stop,
    },
    expect::{expect_bytes, expect_eq, expect_refused},
    run::Run,
    scene::judge::own,
    subject::keys::FingerprintSide,
};

const FINGERPRINTS: &[&str] = &["fingerprint/1"];

/// The cases of this chapter.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    Case::live("fingerprint/compute/iterated-hash", &["FINGERPRINT-1"], FINGERPRINTS, Interop, iterated_hash),
    Case::live("fingerprint/compute/display", &["FINGERPRINT-2"], FINGERPRINTS, Interop, display),
    Case::live("fingerprint/compute/scannable", &["FINGERPRINT-3"], FINGERPRINTS, Interop, scannable),
    Case::live("fingerprint/compare/both-halves", &["FINGERPRINT-4"], FINGERPRINTS, Security, both_halves),
    Case::live("fingerprint/compare/version", &["FINGERPRINT-5"], FINGERPRINTS, Interop, version),
    Case::live("fingerprint/compare/malformed", &["FINGERPRINT-6"], FINGERPRINTS, Security, malformed),
    Case::live("fingerprint/compare/unknown-fields", &["FINGERPRINT-8"], FINGERPRINTS, Interop, unknown_fields),
    Case::live("fingerprint/compare/repeated-fields", &["FINGERPRINT-9"], FINGERPRINTS, Security, repeated_fields),
    Case::live("fingerprint/iterations/below-2-above-1000000", &["FINGERPRINT-7"], FINGERPRINTS, Robustness, iterations_out_of_range),
    Case::live("fingerprint/iterations/2-and-5200", &["FINGERPRINT-7"], FINGERPRINTS, Spec, iterations_in_range),
];

/// Two people: identifiers and identity keys.
struct People {
    sides: [(Vec<u8>, [u8; 33]); 2],
}

impl People {
    fn new(run: &mut Run) -> Self {
        let mut side = |length| {
            let private = run.private_key();
            (run.random(length), public_of(&private))
        };
        Self { sides: [side(16), side(11)] }
    }

    /// What the subject computes, seen from the first person or from the second.
    fn subject(
        &self,
        run: &Run,
        version: u32,
        iterations: u32,
        from: usize,
    ) -> Result<Fingerprint, Stop> {
        let [first, second] = &self.sides;
        let (mine, other) = if from == 0 { (first, second) } else { (second, first) };
        let local = FingerprintSide { id: &mine.0, key: &mine.1 };
        let remote = FingerprintSide { id: &other.0, key: &other.1 };
        let made = run.subject.fingerprint_compute(version, iterations, local, remote)?;
        Ok(Fingerprint { display: made.display, scannable: made.scannable })
    }

    /// What the judge computes.
    fn judge(&self, version: u32, iterations: u32, from: usize) -> Result<Fingerprint, Stop> {
        let side = |(id, key): &(Vec<u8>, [u8; 33])| Side { id: id.clone(), key: key.to_vec() };
        let [first, second] = &self.sides;
        let (mine, other) = if from == 0 { (first, second) } else { (second, first) };
        own(fingerprint::compute(&side(mine), &side(other), version, iterations, Bugs::NONE))
    }
}

/// Several versions and iteration counts, among them those in use.
fn iterated_hash(run: &mut Run) -> Outcome {
    let people = People::new(run);
    for (version, iterations) in
        [(0, 2), (1, 5200), (2, 5200), (2, 1024), (300, 3), (u32::MAX, 100)]
    {
        let made = people.subject(run, version, iterations, 0)?;
        let what = format!("version {version}, {iterations} iterations");
        expect_eq(&what, &people.judge(version, iterations, 0)?, &made)?;
    }
    Ok(())
}

/// Both people read the same digits, whose smaller half comes first.
fn display(run: &mut Run) -> Outcome {
    for _ in 0..8 {
        let people = People::new(run);
        let first = people.subject(run, 2, 2, 0)?.display;
        expect_eq("the digits", &people.judge(2, 2, 0)?.display, &first)?;
        expect_eq("the other person's digits", &first, &people.subject(run, 2, 2, 1)?.display)?;
    }
    Ok(())
}

/// The code of each person, byte for byte.
fn scannable(run: &mut Run) -> Outcome {
    let people = People::new(run);
    for (version, from) in [(0, 0), (1, 0), (2, 1), (127, 0), (128, 1), (u32::MAX, 0)] {
        let made = people.subject(run, version, 2, from)?.scannable;
        expect_bytes("the scannable code", &people.judge(version, 2, from)?.scannable, &made)?;
    }
    Ok(())
}

/// A code with these halves.
fn code(version: Option<u32>, own: Option<&[u8]>, other: Option<&[u8]>) -> Vec<u8> {
    let half = |hash: &[u8]| Half { hash: Some(hash.to_vec()) };
    Scannable { version, own: own.map(half), other: other.map(half) }.encode_to_vec()
}

/// Matches only crosswise and with both halves.
fn both_halves(run: &mut Run) -> Outcome {
    let [mine, theirs, false_one]: [[u8; 32]; 3] = [run.bytes(), run.bytes(), run.bytes()];
    let make = |own: &[u8; 32], other: &[u8; 32]| code(Some(2), Some(own), Some(other));
    let ours = make(&mine, &theirs);
    let scanned = [
        ("the right code", make(&theirs, &mine), true),
        ("the own code", make(&mine, &theirs), false),
        ("their half alone", make(&theirs, &false_one), false),
        ("our half alone", make(&false_one, &mine), false),
        ("neither half", make(&false_one, &false_one), false),
        ("a shorter half", code(Some(2), Some(&theirs[..31]), Some(&mine)), false),
    ];
    for (what, theirs, expected) in scanned {
        expect_eq(what, &expected, &run.subject.fingerprint_compare(&ours, &theirs)?)?;
    }
    Ok(())
}

/// Another version, and none, which counts as 0.
fn version(run: &mut Run) -> Outcome {
    let [mine, theirs]: [[u8; 32]; 2] = [run.bytes(), run.bytes()];
    let ours = |version| code(Some(version), Some(&mine), Some(&theirs));
    let scan = |version| code(version, Some(&theirs), Some(&mine));
    for (own, scanned) in [(2, Some(1)), (1, Some(2)), (2, None), (0, Some(1)), (0, Some(256))] {
        let answer = run.subject.fingerprint_compare(&ours(own), &scan(scanned));
        expect_refused(answer, "fingerprint_version")?;
    }
    for (own, scanned) in [(0, None), (0, Some(0)), (7, Some(7))] {
        let matches = run.subject.fingerprint_compare(&ours(own), &scan(scanned))?;
        expect_eq("codes of one version", &true, &matches)?;
    }
    Ok(())
}

/// No protobuf, and halves that are absent: even where an empty half would fit.
fn malformed(run: &mut Run) -> Outcome {
    let [mine, theirs]: [[u8; 32]; 2] = [run.bytes(), run.bytes()];
    let ours = code(Some(2), Some(&mine), Some(&theirs));
    let honest = code(Some(2), Some(&theirs), Some(&mine));
    let scanned = [
        code(Some(2), None, Some(&mine)),
        code(Some(2), Some(&theirs), None),
        code(Some(2), None, None),
        [code(Some(2), Some(&theirs), None), half(3, None)].concat(),
        [code(Some(2), None, Some(&mine)), half(2, None)].concat(),
        honest.get(..honest.len() - 1).unwrap_or_default().to_vec(),
        [&honest[..], &[0x07]].concat(),
        vec![0xff; 20],
    ];
    for theirs in scanned {
        let answer = run.subject.fingerprint_compare(&ours, &theirs);
        expect_refused(answer, "fingerprint_malformed")?;
    }
    Ok(())
}

/// Fields that a later version may add, of each wire type.
fn unknown_fields(run: &mut Run) -> Outcome {
    let [mine, theirs]: [[u8; 32]; 2] = [run.bytes(), run.bytes()];
    let ours = code(Some(2), Some(&mine), Some(&theirs));
    let honest = code(Some(2), Some(&theirs), Some(&mine));
    let unknown: [&[u8]; 4] =
        [&[0x20, 0x05], &[0x2a, 0x02, 1, 2], &[0x35, 1, 2, 3, 4], &[0x39, 1, 2, 3, 4, 5, 6, 7, 8]];
    for field in unknown {
        for scanned in [[&honest[..], field].concat(), [field, &honest[..]].concat()] {
            let matches = run.subject.fingerprint_compare(&ours, &scanned)?;
            expect_eq("a code with an unknown field", &true, &matches)?;
        }
    }
    Ok(())
}

/// A field 2 or 3 alone.
fn half(number: u8, hash: Option<&[u8; 32]>) -> Vec<u8> {
    let half = Half { hash: hash.map(|hash| hash.to_vec()) };
    let (own, other) = if number == 2 { (Some(half), None) } else { (None, Some(half)) };
    Scannable { version: None, own, other }.encode_to_vec()
}

/// Halves that come twice: the later content counts, and one without content takes nothing away.
fn repeated_fields(run: &mut Run) -> Outcome {
    let [mine, theirs, false_one]: [[u8; 32]; 3] = [run.bytes(), run.bytes(), run.bytes()];
    let ours = code(Some(2), Some(&mine), Some(&theirs));
    let honest = code(Some(2), Some(&theirs), Some(&mine));
    for number in [2, 3] {
        let (other, empty) = (half(number, Some(&false_one)), half(number, None));
        let scanned = [
            ("another content before", [&other[..], &honest].concat(), true),
            ("another content behind", [&honest[..], &other].concat(), false),
            ("no content before", [&empty[..], &honest].concat(), true),
            ("no content behind", [&honest[..], &empty].concat(), true),
        ];
        for (what, scanned, expected) in scanned {
            let matches = run.subject.fingerprint_compare(&ours, &scanned)?;
            expect_eq(&format!("field {number} twice, {what}"), &expected, &matches)?;
        }
    }
    Ok(())
}

/// The least count, and the one in use.
fn iterations_in_range(run: &mut Run) -> Outcome {
    let people = People::new(run);
    for iterations in [2, 5200] {
        people.subject(run, 2, iterations, 0)?;
    }
    Ok(())
}

fn iterations_out_of_range(run: &mut Run) -> Outcome {
    let people = People::new(run);
    let [mine, theirs] = &people.sides;
    for iterations in [0, 1, 1_000_001, u32::MAX] {
        let local = FingerprintSide { id: &mine.0, key: &mine.1 };
        let remote = FingerprintSide { id: &theirs.0, key: &theirs.1 };
        let answer = run.subject.fingerprint_compute(2, iterations, local, remote);
        expect_refused(answer, "bad_iterations")?;
    }
    Ok(())
}
