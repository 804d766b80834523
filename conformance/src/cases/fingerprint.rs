//! Cases of the fingerprint requirements. Spec: `spec/identity.md#fingerprints`.

use crate::{
    case::{Case, Kind, Outcome, Severity},
    expect::expect_refused,
    run::Run,
    subject::keys::FingerprintSide,
};

/// The cases of this chapter.
pub const CASES: &[Case] = &[Case {
    id: "fingerprint/iterations/below-2-above-1000000",
    reqs: &["FINGERPRINT-7"],
    needs: &["fingerprint/1"],
    severity: Severity::Spec,
    kind: Kind::Live,
    run: iterations_out_of_range,
}];

fn iterations_out_of_range(run: &mut Run) -> Outcome {
    let (mine, theirs) = (run.private_key(), run.private_key());
    let mine = run.subject.key_public(&mine)?;
    let theirs = run.subject.key_public(&theirs)?;
    for iterations in [0, 1, 1_000_001, u32::MAX] {
        let local = FingerprintSide { id: b"alice", key: &mine };
        let remote = FingerprintSide { id: b"bob", key: &theirs };
        expect_refused(
            run.subject.fingerprint_compute(2, iterations, local, remote),
            "bad_iterations",
        )?;
    }
    Ok(())
}
