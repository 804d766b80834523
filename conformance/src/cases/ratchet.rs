//! Cases of the ratchet chapter. Spec: `spec/ratchet.md`.

use crate::{
    case::{Case, Kind, Outcome, Severity},
    expect::{expect_bytes, refuses_unchanged},
    run::Run,
    subject::{party::NOW_MS, types::Suite},
};

/// The cases of this chapter.
pub const CASES: &[Case] = &[Case {
    id: "ratchet/replay/same-counter-twice",
    reqs: &["RATCHET-15"],
    needs: &["signal-v3/1"],
    severity: Severity::Security,
    kind: Kind::Live,
    run: same_counter_twice,
}];

fn same_counter_twice(run: &mut Run) -> Outcome {
    let alice = run.fresh_party(Suite::SignalV3)?;
    let bob = run.fresh_party(Suite::SignalV3)?;
    bob.add_signed_prekey(1, &run.private_key(), NOW_MS, None)?;
    alice.initiate(&bob.peer(), &bob.bundle(1, None)?)?;
    let message = alice.encrypt(&bob.peer(), b"hello")?;
    expect_bytes("the plaintext", b"hello", &bob.decrypt(&alice.peer(), &message)?)?;
    refuses_unchanged(&bob, "duplicate_message", || bob.decrypt(&alice.peer(), &message))
}
