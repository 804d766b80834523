//! What a server says of itself before anything is judged.

use super::{
    account::paths,
    client::{Client, Request},
    target::Target,
};
use serde_json::Value;

use crate::{
    case::{CallError, Stop},
    subject::types::{Hello, Implementation},
};

/// Fetches the capability documents, which go into the target, and tells what it is.
///
/// # Errors
/// Why nothing can be judged, in words.
pub fn introduce(target: &mut Target) -> Result<Hello, String> {
    target.document = document(&target.client())?;
    if let Some(address) = &target.impatient {
        target.impatient_document = document(&target.client().at(address.clone()))
            .map_err(|why| format!("the second instance: {why}"))?;
    }
    let version = target.document.get("specification").and_then(Value::as_str).unwrap_or_default();
    Ok(Hello {
        protocol: 1,
        implementation: Implementation {
            name: "a server".into(),
            version: format!("specification {version}"),
            language: target.address.url(),
            homepage: None,
        },
        roles: vec!["server".into()],
        capabilities: target.capabilities().into_iter().collect(),
    })
}

fn document(client: &Client) -> Result<Value, String> {
    let reply = client
        .send(&Request::get(paths::CAPABILITIES))
        .and_then(|reply| reply.ok(200))
        .map_err(|stop: Stop| crate::campaign::said(&CallError::Stop(stop)))?;
    let document = reply.json();
    let profiles = document.get("profiles").and_then(Value::as_array).into_iter().flatten();
    if document.get("api") != Some(&Value::String("/api/v1".into()))
        || !profiles.filter_map(Value::as_str).any(|profile| profile == "server/1")
    {
        return Err(format!(
            "{} does not name the api /api/v1 and the profile server/1",
            paths::CAPABILITIES
        ));
    }
    Ok(document.clone())
}
