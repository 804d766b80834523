//! The envelope: a line becomes an operation with arguments, an outcome becomes a line.

use std::borrow::Cow;

use countersign_protocol::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::LINE_MAX;
use crate::arguments::Object;
use crate::refusal::{Refusal, bad_request};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    id: u64,
    #[serde(borrow)]
    op: Cow<'a, str>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    /// The case's name, which a judge sends when it traces.
    #[serde(default, rename = "t")]
    _trace: Option<String>,
}

#[derive(Serialize)]
struct Reply {
    id: u64,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok(serde_json::Value),
    Err(Error),
    Unsupported(String),
}

#[derive(Serialize)]
struct Error {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'static, str>>,
}

/// Takes a request line apart, has the operation performed, and writes the reply line.
pub(crate) fn answer(
    line: &str,
    perform: impl FnOnce(&str, &str) -> Result<serde_json::Value, Refusal>,
) -> String {
    if line.len() > LINE_MAX {
        return reply(0, Err(bad_request("the line is too long")));
    }
    match serde_json::from_str::<Object<Request<'_>>>(line) {
        Ok(Object(request)) => {
            let args = request.args.map_or("{}", RawValue::get);
            reply(request.id, perform(&request.op, args))
        }
        Err(_) => reply(id_of(line), Err(bad_request("this is not a request"))),
    }
}

/// The id of a line that is not a request, as far as it has one.
fn id_of(line: &str) -> u64 {
    let value: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    value.get("id").and_then(serde_json::Value::as_u64).unwrap_or_default()
}

fn reply(id: u64, result: Result<serde_json::Value, Refusal>) -> String {
    let err = |problem: Problem, detail| Outcome::Err(Error { code: problem.code(), detail });
    let outcome = match result {
        Ok(value) => Outcome::Ok(value),
        Err(Refusal::Problem(problem)) => err(problem, None),
        Err(Refusal::BadRequest(what)) => err(Problem::BadRequest, Some(what)),
        Err(Refusal::Unsupported(op)) => Outcome::Unsupported(op),
    };
    // Numbers, texts and maps with text keys: there is nothing in a reply that JSON cannot say.
    serde_json::to_string(&Reply { id, outcome }).unwrap_or_default()
}
