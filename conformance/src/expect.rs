//! What cases say about the subject's answers: each function is one sentence of a verdict.

use std::fmt::Debug;

use crate::{
    case::{CallError, Failure, Outcome, Refused, Severity, Stop, bracketed},
    subject::party::Party,
};

/// The subject must refuse with exactly this code.
///
/// # Errors
/// Fails the case when the subject accepts or answers another code. `internal` and `bad_request` weigh as robustness.
pub fn expect_refused<T: Debug>(answer: Result<T, CallError>, code: &str) -> Outcome {
    expect_refused_any(answer, &[code])
}

/// The subject must refuse with one of these codes. Only where the specification leaves that freedom.
///
/// # Errors
/// Fails the case when the subject accepts or answers a code outside the set.
pub fn expect_refused_any<T: Debug>(answer: Result<T, CallError>, codes: &[&str]) -> Outcome {
    let expected = || format!("err {}", codes.join(" or "));
    match answer {
        Err(CallError::Stop(stop)) => Err(stop),
        Err(CallError::Refused(refused)) if codes.contains(&refused.code.as_str()) => Ok(()),
        Err(CallError::Refused(refused)) => Err(other_code(&refused, expected()).into()),
        Ok(value) => Err(Failure::new(
            "a request that must be refused",
            expected(),
            format!("ok {}", shown(&value)),
        )
        .into()),
    }
}

fn other_code(Refused { op, code, detail }: &Refused, expected: String) -> Failure {
    let failure = Failure::new(*op, expected, format!("err {code}{}", bracketed(detail)));
    match code.as_str() {
        "internal" | "bad_request" | "rng_exhausted" => failure.weighing(Severity::Robustness),
        // Refused is refused: a wrong code misleads the caller but lets nothing in.
        _ => failure.weighing(Severity::Spec),
    }
}

/// Two values must be equal. Byte strings are shown as hex, cut around the first difference.
///
/// # Errors
/// Fails the case when they differ.
pub fn expect_eq<E, A>(what: &str, expected: &E, actual: &A) -> Outcome
where
    E: Debug + PartialEq<A> + ?Sized,
    A: Debug + ?Sized,
{
    if expected == actual {
        Ok(())
    } else {
        Err(Failure::new(what, shown(expected), shown(actual)).into())
    }
}

/// Two byte strings must be equal; a failure shows hex and where they part.
///
/// # Errors
/// Fails the case when they differ.
pub fn expect_bytes(what: &str, expected: &[u8], actual: &[u8]) -> Outcome {
    if expected == actual {
        return Ok(());
    }
    let at = expected.iter().zip(actual).take_while(|(left, right)| left == right).count();
    Err(Failure::new(
        format!("{what}, differs from byte {at} on"),
        hex::encode(expected),
        hex::encode(actual),
    )
    .into())
}

/// Two byte strings must differ.
///
/// # Errors
/// Fails the case when they are equal.
pub fn expect_different(what: &str, left: &[u8], right: &[u8]) -> Outcome {
    if left == right {
        Err(Failure::new(what, "two different values", format!("twice {}", hex::encode(left)))
            .into())
    } else {
        Ok(())
    }
}

/// A condition must hold; `expected` and `actual` say it in words.
///
/// # Errors
/// Fails the case when it does not.
pub fn expect_that(
    holds: bool,
    what: &str,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Outcome {
    if holds { Ok(()) } else { Err(Failure::new(what, expected, actual).into()) }
}

/// Runs `act` and checks that the party's whole state is the same afterwards.
///
/// Needs the capability `state.fingerprint`; without it the check is left out, and the case has to look at behaviour.
///
/// # Errors
/// What `act` answers, or a failed case when the state changed.
pub fn unchanged<T>(
    party: &Party,
    act: impl FnOnce() -> Result<T, CallError>,
) -> Result<T, CallError> {
    if !party.has("state.fingerprint") {
        return act();
    }
    let before = party.fingerprint()?;
    let answer = act();
    if let Err(CallError::Stop(_)) = answer {
        return answer;
    }
    let after = party.fingerprint()?;
    if before == after {
        return answer;
    }
    let failure = Failure::new(
        "the party's state",
        format!("unchanged, fingerprint {}", hex::encode(before)),
        hex::encode(after),
    );
    Err(Stop::from(failure).into())
}

/// The subject must refuse with this code and change nothing: [`unchanged`] and [`expect_refused`] in one.
///
/// # Errors
/// Fails the case when the subject accepts, answers another code or changes its state.
pub fn refuses_unchanged<T: Debug>(
    party: &Party,
    code: &str,
    act: impl FnOnce() -> Result<T, CallError>,
) -> Outcome {
    refuses_any_unchanged(party, &[code], act)
}

/// [`refuses_unchanged`] with one of these codes. Only where the specification leaves that freedom.
///
/// # Errors
/// As [`refuses_unchanged`].
pub fn refuses_any_unchanged<T: Debug>(
    party: &Party,
    codes: &[&str],
    act: impl FnOnce() -> Result<T, CallError>,
) -> Outcome {
    let mut accepted = None;
    let answer = unchanged(party, || act().inspect(|value| accepted = Some(shown(value))));
    match accepted {
        // Said before the change of state, which is then no wonder.
        Some(value) => Err(accepted_instead(&format!("err {}", codes.join(" or ")), &value).into()),
        None => expect_refused_any(answer, codes),
    }
}

fn accepted_instead(expected: &str, value: &str) -> Failure {
    Failure::new("a request that must be refused", expected, format!("ok {value}"))
}

pub(crate) fn shown(value: &(impl Debug + ?Sized)) -> String {
    const LONGEST: usize = 600;
    let text = format!("{value:?}");
    // Bytes, whatever holds them: a list of small numbers.
    let bytes = serde_json::from_str::<Vec<u8>>(&text).ok().filter(|bytes| !bytes.is_empty());
    let text = bytes.map_or(text, hex::encode);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => {
            format!("{}… ({} characters)", text.get(..at).unwrap_or_default(), text.len())
        }
        None => text,
    }
}
