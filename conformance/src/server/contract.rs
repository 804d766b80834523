//! Every answer is held against the shipped `spec/openapi.yaml`: status, headers, content type and body.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{client::Request, reply::Reply};

/// `spec/openapi.yaml` as JSON.
const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// Where an answer does not fit the document.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What was broken: a response of the document, for instance `login 200` or `#/components/responses/Malformed`.
    pub schema: String,
    /// How, and in answer to what.
    pub what: String,
}

/// What did not fit in a whole run: each broken schema once, with the exchange that showed it first.
#[derive(Debug, Default)]
pub struct Findings(Mutex<BTreeMap<String, Finding>>);

/// One broken schema.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How, and in answer to what.
    pub what: String,
    /// The command that shows it again.
    pub curl: String,
}

impl Findings {
    pub(super) fn add(&self, violation: Violation, curl: &str) {
        let finding = Finding { what: violation.what, curl: curl.to_owned() };
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.entry(violation.schema).or_insert(finding);
    }

    /// All of them, by schema.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, Finding> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The document, with its validators compiled as they are needed.
#[derive(Debug)]
pub struct Contract {
    document: Value,
    validators: Mutex<BTreeMap<String, Option<Arc<Validator>>>>,
}

impl Contract {
    /// The one this program was built with.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Contract> = OnceLock::new();
        SHIPPED.get_or_init(|| Self {
            document: serde_json::from_str(DOCUMENT).unwrap_or_default(),
            validators: Mutex::default(),
        })
    }

    /// The document itself.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// Every `(method, path template, operation)`.
    pub fn operations(&self) -> impl Iterator<Item = (String, &str, &Value)> {
        let paths = self.document.get("paths").and_then(Value::as_object).into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods
                .map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
        })
    }

    /// What is wrong with an answer; nothing when it fits.
    #[must_use]
    pub fn check(&self, request: &Request, reply: &Reply) -> Vec<Violation> {
        let path = request.path.split('?').next().unwrap_or_default();
        let (name, responses) = self.responses(&request.method, path);
        let Some(response) = responses.and_then(|all| all.get(reply.status.to_string())) else {
            return vec![Violation {
                schema: format!("{name} {}", reply.status),
                what: format!("{}: the document has no answer {} here", reply.op, reply.status),
            }];
        };
        let (schema, response) = match response.get("$ref").and_then(Value::as_str) {
            Some(reference) => (reference.to_owned(), self.resolve(reference)),
            None => (format!("{name} {}", reply.status), Some(response)),
        };
        let Some(response) = response else { return Vec::new() };
        let headers = self.headers(response, reply);
        let body = self.body(&schema, response, reply).map(|wrong| (schema, wrong));
        let told = |(schema, wrong)| Violation {
            schema,
            what: format!("{} answered {}: {wrong}", reply.op, reply.status),
        };
        headers.into_iter().chain(body).map(told).collect()
    }

    /// The operation's id and its responses; what the document says of paths and methods it does not have otherwise.
    fn responses(&self, method: &str, path: &str) -> (String, Option<&Value>) {
        let operation = self
            .operations()
            .filter(|(known, template, _)| known == method && fits(template, path))
            // `/messages/search` is not the message called `search`.
            .min_by_key(|(_, template, _)| template.matches('{').count());
        match operation {
            Some((_, _, operation)) => {
                let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
                (id.to_owned(), operation.get("responses"))
            }
            None => ("elsewhere".into(), self.document.pointer("/x-elsewhere/responses")),
        }
    }

    fn resolve(&self, reference: &str) -> Option<&Value> {
        self.document.pointer(reference.strip_prefix('#')?)
    }

    /// The headers that are missing or wrong, by the header's place in the document.
    fn headers(&self, response: &Value, reply: &Reply) -> Vec<(String, String)> {
        let declared = response.get("headers").and_then(Value::as_object).into_iter().flatten();
        let wrong = declared.filter_map(|(name, header)| {
            let reference = header.get("$ref").and_then(Value::as_str)?;
            let schema = self.resolve(reference)?.get("schema")?;
            let Some(value) = reply.header(name) else {
                return Some((reference.to_owned(), format!("the header {name} is missing")));
            };
            let value = value.parse::<u64>().map_or_else(|_| json!(value), |number| json!(number));
            let wrong = self.fits_schema(reference, schema, &value)?;
            Some((reference.to_owned(), format!("header {name}: {wrong}")))
        });
        wrong.collect()
    }

    fn body(&self, name: &str, response: &Value, reply: &Reply) -> Option<String> {
        let Some(content) = response.get("content").and_then(Value::as_object) else {
            return (!reply.body.is_empty()).then(|| "it must have no body".into());
        };
        let kind = reply.header("content-type").unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_lowercase();
        let Some(media) = content.get(&essence) else {
            let known: Vec<_> = content.keys().map(String::as_str).collect();
            return Some(format!("its content type is \"{kind}\", not {}", known.join(" or ")));
        };
        if !essence.ends_with("json") {
            return None;
        }
        let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
            return Some("its body is not JSON".into());
        };
        self.fits_schema(name, media.get("schema")?, &body)
    }

    fn fits_schema(&self, name: &str, schema: &Value, value: &Value) -> Option<String> {
        let validator = {
            let mut compiled = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
            compiled.entry(name.to_owned()).or_insert_with(|| self.compile(schema)).clone()
        };
        let validator = validator?;
        let error = validator.iter_errors(value).next()?;
        let path = error.instance_path().to_string();
        let at = if path.is_empty() { String::new() } else { format!("at {path}: ") };
        Some(crate::subject::cut(&format!("{at}{error}"), 400))
    }

    fn compile(&self, schema: &Value) -> Option<Arc<Validator>> {
        let mut root = schema.clone();
        let members = root.as_object_mut()?;
        members.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("components".into(), self.document.get("components")?.clone());
        jsonschema::validator_for(&root).ok().map(Arc::new)
    }
}

/// Whether a path is one of a template: `/users/{account_id}/device-list`.
fn fits(template: &str, path: &str) -> bool {
    let (mut left, mut right) = (template.split('/'), path.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(part), Some(text))
                if part == text || (part.starts_with('{') && !text.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use ureq::http::HeaderMap;

    use super::*;

    const ID: &str = "0195a1b2-7c3d-7e4f-9a5b-000000000002";

    fn answer(request: &Request, status: u16, kind: &str, body: &Value) -> Vec<Violation> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", kind.parse().unwrap());
        headers.insert("request-id", ID.parse().unwrap());
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let reply = Reply::new(request.operation(), String::new(), status, headers, body);
        Contract::shipped().check(request, &reply)
    }

    #[test]
    fn an_answer_fits_by_status_content_type_headers_and_body() {
        let health = Request::get("/health");
        assert!(answer(&health, 200, "application/json", &json!({"status": "ok"})).is_empty());
        assert!(!answer(&health, 200, "application/json", &json!({"status": "no"})).is_empty());
        assert!(!answer(&health, 200, "text/plain", &json!({"status": "ok"})).is_empty());
        assert!(!answer(&health, 418, "application/json", &json!({"status": "ok"})).is_empty());
        let problem = json!({"type": "urn:countersign:problem:not_found", "title": "x", "status": 404,
            "code": "not_found", "request_id": ID});
        let elsewhere = Request::get("/nowhere");
        assert!(answer(&elsewhere, 404, "application/problem+json", &problem).is_empty());
        let found =
            answer(&elsewhere, 404, "application/problem+json", &json!({"code": "not_found"}));
        assert_eq!(found.first().unwrap().schema, "#/components/responses/NotFound");
        let logout = Request::bare("POST", "/api/v1/auth/logout");
        assert!(answer(&logout, 204, "text/plain", &Value::Null).is_empty());
        assert!(!answer(&logout, 204, "text/plain", &json!({})).is_empty());
    }

    #[test]
    fn every_response_of_the_document_compiles() {
        let contract = Contract::shipped();
        assert!(contract.operations().count() >= 39);
        for (method, path, operation) in contract.operations() {
            for (status, response) in operation.get("responses").unwrap().as_object().unwrap() {
                let response = match response.get("$ref").and_then(Value::as_str) {
                    Some(reference) => contract.resolve(reference).unwrap(),
                    None => response,
                };
                for media in
                    response.get("content").and_then(Value::as_object).into_iter().flatten()
                {
                    let schema = media.1.get("schema").unwrap();
                    assert!(contract.compile(schema).is_some(), "{method} {path} {status}");
                }
            }
        }
    }
}
