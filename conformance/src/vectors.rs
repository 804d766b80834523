//! Composed vectors, format `countersign-vectors/1`: the ones with steps are cases, replayed through a subject.
//!
//! A vector with a `function` shows the inner values of one derivation. No operation of the line protocol gives those
//! out, so it is no case; the tests inside an implementation replay it.

pub mod format;
pub mod replay;

use crate::{
    case::{Case, Severity},
    requirements::Requirements,
    stored,
    subject::capabilities::CAPABILITIES,
};

use format::{File, Note, Vector};

/// The cases of a file, each with what it replays.
///
/// # Errors
/// For the user: a vector that names what does not exist.
pub(crate) fn cases(file: File) -> Result<Vec<(Case, Vector)>, String> {
    let mut cases = Vec::new();
    for vector in file.vectors {
        let case = case(&vector, &file.notes).map_err(|error| format!("{}: {error}", vector.id))?;
        cases.push((case, vector));
    }
    Ok(cases)
}

fn case(vector: &Vector, notes: &std::collections::BTreeMap<String, Note>) -> Result<Case, String> {
    let classes: Vec<_> = vector
        .notes
        .iter()
        .map(|name| notes.get(name).ok_or_else(|| format!("the file explains no note {name}")))
        .collect::<Result<_, _>>()?;
    let severity = severity(&classes, vector.is_positive());
    let template = Case::live("", reqs(vector)?, needs(vector)?, severity, stored::replay);
    Ok(stored::case(format!("vector/{}", vector.id), template))
}

fn reqs(vector: &Vector) -> Result<&'static [&'static str], String> {
    let known = |id: &String| {
        let known = Requirements::built_in().with_id(id).map(|requirement| requirement.id.as_str());
        known.ok_or_else(|| format!("the specification has no requirement {id}"))
    };
    let reqs: Vec<_> = vector.requirements.iter().map(known).collect::<Result<_, _>>()?;
    Ok(Vec::leak(reqs))
}

/// What the vector says it needs, and the profile that it holds in alone.
fn needs(vector: &Vector) -> Result<&'static [&'static str], String> {
    let known = |name: &String| {
        let known = CAPABILITIES.iter().copied().find(|known| known == name);
        known.ok_or_else(|| format!("there is no capability {name}"))
    };
    let mut needs: Vec<_> = vector.needs.iter().map(known).collect::<Result<_, _>>()?;
    let profile = match vector.profile.as_str() {
        "compatible" => Some("profile.compatible"),
        "strict" => Some("profile.strict"),
        "any" | "both" | "native" => None,
        other => return Err(format!("there is no profile {other}")),
    };
    needs.extend(profile.filter(|profile| !needs.contains(profile)));
    Ok(Vec::leak(needs))
}

/// The worst of the classes of bugs that a vector catches; without a class an honest scenario weighs as interop.
fn severity(notes: &[&Note], positive: bool) -> Severity {
    let otherwise = if positive { Severity::Interop } else { Severity::Security };
    notes.iter().filter_map(|note| weight(note.bug_type.as_deref()?)).min().unwrap_or(otherwise)
}

fn weight(bug_type: &str) -> Option<Severity> {
    Some(match bug_type {
        "AUTH_BYPASS"
        | "CONFIDENTIALITY"
        | "FORWARD_SECRECY"
        | "REPLAY"
        | "MISSING_STEP"
        | "SIGNATURE_MALLEABILITY" => Severity::Security,
        "INTEROPERABILITY" => Severity::Interop,
        "DENIAL_OF_SERVICE" => Severity::Robustness,
        "ENCODING" => Severity::Spec,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        stored::{Script, Stored},
        subject::capabilities::obliging,
    };

    /// A file with one vector, changed by the test.
    fn file(change: impl FnOnce(&mut Value)) -> Result<Vec<(Case, Vector)>, String> {
        let mut value = json!({
            "format": format::FORMAT, "title": "t", "generator": "g", "source": "s",
            "suite": crate::SUITE_VERSION, "seed": "00", "count": 1,
            "notes": {"N": {"bugType": "REPLAY", "effect": "e"}},
            "vectors": [{
                "id": "keys/one", "comment": "c", "requirements": ["PRIM-1"], "profile": "strict",
                "notes": ["N"], "needs": ["keys/1"], "outcome": "accepted",
                "steps": [{
                    "op": "key.public", "args": {"private": "00".repeat(32)},
                    "expect": {"ok": {"public": "05".to_owned() + &"00".repeat(32)}},
                }],
            }],
        });
        change(&mut value);
        format::read(value).and_then(cases)
    }

    #[test]
    fn a_vector_becomes_a_case() {
        let cases = file(|_| ()).unwrap();
        let [(case, _)] = cases.as_slice() else { panic!("{cases:?}") };
        assert_eq!(case.id, "vector/keys/one");
        assert_eq!((case.reqs, case.severity), (["PRIM-1"].as_slice(), Severity::Security));
        assert_eq!(case.needs, ["keys/1", "profile.strict"]);
    }

    #[test]
    fn what_a_vector_must_not_say_is_named() {
        type Change = fn(&mut Value);
        let changes: [(&str, Change); 10] = [
            ("unknown field `colour`", |file| file["vectors"][0]["colour"] = json!(1)),
            ("unknown field `more`", |file| file["vectors"][0]["steps"][0]["more"] = json!(1)),
            ("no requirement RATCHET-999", |file| {
                file["vectors"][0]["requirements"] = json!(["RATCHET-999"]);
            }),
            ("no capability keys/2", |file| file["vectors"][0]["needs"] = json!(["keys/2"])),
            ("no profile lax", |file| file["vectors"][0]["profile"] = json!("lax")),
            ("no note M", |file| file["vectors"][0]["notes"] = json!(["M"])),
            ("no operation key.eat", |file| {
                file["vectors"][0]["steps"][0]["op"] = json!("key.eat");
            }),
            ("key.public.args", |file| file["vectors"][0]["steps"][0]["args"] = json!({})),
            ("ok or err", |file| file["vectors"][0]["steps"][0]["expect"] = json!({})),
            ("says 2", |file| file["count"] = json!(2)),
        ];
        for (says, change) in changes {
            let error = file(change).unwrap_err();
            assert!(error.contains(says), "{says} in {error}");
        }
    }

    /// The needs of the built-in vectors are complete: each of their operations is covered by one of them.
    #[test]
    fn every_operation_of_a_vector_is_among_its_needs() {
        let stored = Stored::built_in().unwrap();
        for case in &stored.cases {
            let Some(Script::Vector(vector)) = stored.scripts.get(case.id) else { continue };
            for step in &vector.steps {
                let means = obliging(&step.op, &step.args);
                assert!(
                    means.iter().any(|one| case.needs.contains(one)),
                    "{} {}",
                    case.id,
                    step.op
                );
                assert!(step.rng.is_none() || case.needs.contains(&"rng.inject"), "{}", case.id);
            }
        }
        let severities: BTreeSet<_> = stored.cases.iter().map(|case| case.severity).collect();
        assert!(
            severities.contains(&Severity::Security) && severities.contains(&Severity::Interop)
        );
    }
}
