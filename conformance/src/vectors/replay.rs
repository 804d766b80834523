//! Replays a vector: every request of it, in order, with every reply compared.

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value, json};

use super::format::{Expected, Vector, VectorStep};
use crate::{
    case::{CallError, Failure, Outcome, Refused, Severity, Stop, Trouble},
    expect::{expect_refused, shown},
    run::Run,
    subject::Subject,
};

/// Replays one vector through the subject. One that holds in both profiles is replayed in each that is declared.
///
/// # Errors
/// A failed or inconclusive case, with the step in the failure's text.
pub fn replay(run: &mut Run, vector: &Vector) -> Outcome {
    let (compatible, strict) = (run.has("profile.compatible"), run.has("profile.strict"));
    let both = vector.profile == "both";
    if !both || compatible || !strict {
        Player::new(run, false).play(vector)?;
    }
    if both && strict {
        run.subject.free_parties();
        Player::new(run, true).play(vector)?;
    }
    Ok(())
}

/// A reply that is shown as the JSON it came in.
struct Json(Value);

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

struct Player {
    subject: Subject,
    /// Handles by the party's name in the vector.
    handles: BTreeMap<String, u64>,
    /// Whether `strict` takes the place of `compatible`.
    strict: bool,
}

impl Player {
    fn new(run: &Run, strict: bool) -> Self {
        Self { subject: run.subject.clone(), handles: BTreeMap::new(), strict }
    }

    fn play(&mut self, vector: &Vector) -> Outcome {
        let last = vector.steps.len();
        for (at, step) in vector.steps.iter().enumerate() {
            let profile = if self.strict { " in profile strict" } else { "" };
            let by = step.party().map(|party| format!(" by {party}")).unwrap_or_default();
            let place = format!("step {} of {last}{profile}, {}{by}", at + 1, step.op);
            self.step(step).map_err(|stop| located(stop, &place))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &VectorStep) -> Outcome {
        let op = step.operation().map_err(defect)?;
        let (handle, args) = self.arguments(step)?;
        let before = match handle.filter(|_| step.unchanged) {
            Some(handle) => self.fingerprint(handle)?,
            None => None,
        };
        if let Some(bytes) = &step.rng {
            self.subject.call("rng.load", json!({ "bytes": bytes }))?;
        }
        let answer = self.subject.call(op, args);
        match &step.expect {
            Expected::Ok(expected) => self.served(step, expected, answer)?,
            Expected::Code(code) => expect_refused(answer.map(Json), code)?,
        }
        match (before, handle) {
            (Some(before), Some(handle)) => same(&before, self.fingerprint(handle)?),
            _ => Ok(()),
        }
    }

    /// The arguments with the handle in place of the name, and the profile to be used.
    fn arguments(&self, step: &VectorStep) -> Result<(Option<u64>, Value), Stop> {
        let mut args = step.args.clone();
        let handle =
            match step.party() {
                Some(name) => Some(*self.handles.get(name).ok_or_else(|| {
                    defect(format!("the vector has made no party \"{name}\" yet"))
                })?),
                None => None,
            };
        if let Some(object) = args.as_object_mut() {
            object.extend(handle.map(|handle| ("party".to_owned(), json!(handle))));
            if self.strict && object.get("profile").is_some_and(|profile| profile == "compatible") {
                object.insert("profile".into(), json!("strict"));
            }
        }
        Ok((handle, args))
    }

    fn served(
        &mut self,
        step: &VectorStep,
        expected: &Map<String, Value>,
        answer: Result<Value, CallError>,
    ) -> Outcome {
        let mut made = match answer {
            Ok(Value::Object(made)) => made,
            Ok(_) => Map::new(),
            Err(CallError::Refused(refused)) => return Err(not_served(&refused, expected)),
            Err(CallError::Stop(stop)) => return Err(stop),
        };
        let created = (step.op == "party.create").then(|| expected.get("party")).flatten();
        if let (Some(name), Some(handle)) = (created, made.get("party").and_then(Value::as_u64)) {
            self.subject.made_party(handle);
            self.handles.insert(name.as_str().unwrap_or_default().to_owned(), handle);
            made.insert("party".into(), name.clone());
        }
        match expected.iter().find(|(key, value)| made.get(*key) != Some(value)) {
            Some((key, value)) => {
                Err(differs(key, value, made.get(key).unwrap_or(&Value::Null)).into())
            }
            None => match made.keys().find(|key| !expected.contains_key(*key)) {
                Some(key) => Err(Failure::new(key.clone(), "no such member", "a member").into()),
                None => Ok(()),
            },
        }
    }

    fn fingerprint(&self, handle: u64) -> Result<Option<Value>, Stop> {
        if !self.subject.has("state.fingerprint") {
            return Ok(None);
        }
        let reply = self.subject.call("party.fingerprint", json!({ "party": handle }))?;
        Ok(Some(reply))
    }
}

/// An honest request was refused: a peer cannot talk to the subject, whatever else the vector is about.
fn not_served(refused: &Refused, expected: &Map<String, Value>) -> Stop {
    let stop = Stop::from(CallError::Refused(refused.clone()));
    let Stop::Fail(mut failure) = stop else { return stop };
    "the reply".clone_into(&mut failure.what);
    failure.expected = format!("ok {}", shown(&Value::Object(expected.clone()).to_string()));
    failure.severity.get_or_insert(Severity::Interop);
    Stop::Fail(failure)
}

/// Which value differs, and for bytes from where on.
fn differs(key: &str, expected: &Value, made: &Value) -> Failure {
    let (Value::String(expected), Value::String(made)) = (expected, made) else {
        return Failure::new(key, expected.to_string(), made.to_string());
    };
    let alike =
        expected.bytes().zip(made.bytes()).take_while(|(left, right)| left == right).count();
    let hex = expected.len().is_multiple_of(2) && hex::decode(expected).is_ok();
    let place = if hex { format!("byte {}", alike / 2) } else { format!("character {alike}") };
    Failure::new(format!("{key}, differs from {place} on"), expected, made)
}

fn same(before: &Value, after: Option<Value>) -> Outcome {
    if after.as_ref() == Some(before) {
        return Ok(());
    }
    let after = after.unwrap_or_default().to_string();
    Err(Failure::new("the party's state after the refusal", format!("unchanged, {before}"), after)
        .into())
}

fn located(stop: Stop, place: &str) -> Stop {
    match stop {
        Stop::Fail(Failure { what, expected, actual, severity, repeat }) => Stop::Fail(Failure {
            what: format!("{place}: {what}"),
            expected,
            actual,
            severity,
            repeat,
        }),
        other => other,
    }
}

fn defect(text: String) -> Stop {
    Stop::Inconclusive(Trouble::Judge(text))
}
