//! Replays recorded safety numbers and scanned codes.

use super::{
    format::{FingerprintCase, Transcript, class, codes_of},
    parties::{array, bytes},
};
use crate::{
    case::{Outcome, Stop},
    expect::{expect_bytes, expect_eq, expect_refused_any},
    run::Run,
    subject::keys::{Fingerprint, FingerprintSide},
};

pub(super) fn replay(run: &Run, transcript: &Transcript) -> Outcome {
    for case in &transcript.cases {
        both_sides(run, transcript, case)?;
    }
    if let Some(case) = transcript.cases.first() {
        for other in &transcript.runs {
            let computed = compute(run, transcript.version, other.iterations, case, false)??;
            expect_eq(
                &format!("the digits of {} iterations", other.iterations),
                other.display.as_str(),
                computed.display.as_str(),
            )?;
            expect_bytes(
                "the scannable code",
                &bytes(&other.local_scannable)?,
                &computed.scannable,
            )?;
        }
        for refused in &transcript.errors {
            let answer = compute(run, transcript.version, refused.iterations, case, false)?;
            expect_refused_any(answer, codes_of(class(Some(&refused.error)), ""))?;
        }
    }
    comparisons(run, transcript)
}

fn both_sides(run: &Run, transcript: &Transcript, case: &FingerprintCase) -> Outcome {
    for (swapped, scannable) in [(false, &case.local_scannable), (true, &case.remote_scannable)] {
        let computed = compute(run, transcript.version, transcript.iterations, case, swapped)??;
        if let Some(display) = &case.display {
            expect_eq("the digits", display.as_str(), computed.display.as_str())?;
        }
        if let Some(scannable) = scannable {
            expect_bytes("the scannable code", &bytes(scannable)?, &computed.scannable)?;
        }
    }
    Ok(())
}

fn comparisons(run: &Run, transcript: &Transcript) -> Outcome {
    let mine = bytes(&transcript.mine)?;
    for comparison in &transcript.compare {
        let answer = run.subject.fingerprint_compare(&mine, &bytes(&comparison.theirs)?);
        let what = format!("comparing with \"{}\"", comparison.note);
        match comparison.result {
            Some(result) => expect_eq(&what, &result, &answer?)?,
            None => expect_refused_any(
                answer,
                codes_of(class(Some(&comparison.error)), &comparison.note),
            )
            .map_err(|stop| named(stop, &what))?,
        }
    }
    Ok(())
}

fn named(stop: Stop, what: &str) -> Stop {
    match stop {
        Stop::Fail(mut failure) => {
            failure.what = format!("{what}: {}", failure.what);
            Stop::Fail(failure)
        }
        other => other,
    }
}

type Computed = Result<Fingerprint, crate::case::CallError>;

/// The outer error is a transcript that cannot be read, the inner one the subject's answer.
fn compute(
    run: &Run,
    version: u32,
    iterations: u32,
    case: &FingerprintCase,
    swapped: bool,
) -> Result<Computed, Stop> {
    let (local_id, remote_id) = (bytes(&case.local_id)?, bytes(&case.remote_id)?);
    let (local_key, remote_key) = (array(&case.local_key)?, array(&case.remote_key)?);
    let local = FingerprintSide { id: &local_id, key: &local_key };
    let remote = FingerprintSide { id: &remote_id, key: &remote_key };
    let (mine, theirs) = if swapped { (remote, local) } else { (local, remote) };
    Ok(run.subject.fingerprint_compute(version, iterations, mine, theirs))
}
