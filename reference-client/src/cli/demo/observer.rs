//! A transport that remembers what passes to the server.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_client::{Answer, HttpTransport, Request, Socket, Transport, TransportError};
use serde_json::Value;

/// Sees what the server sees.
pub(crate) struct Observer {
    inner: HttpTransport,
    bodies: Mutex<Vec<Vec<u8>>>,
}

impl Observer {
    pub(crate) const fn new(inner: HttpTransport) -> Self {
        Self { inner, bodies: Mutex::new(Vec::new()) }
    }

    /// All bodies that were sent, one after the other.
    pub(crate) fn everything(&self) -> Vec<u8> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner).concat()
    }

    /// The contents of all envelopes that were sent.
    pub(crate) fn contents(&self) -> Vec<Vec<u8>> {
        let bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut contents = Vec::new();
        for body in bodies.iter() {
            if let Ok(body) = serde_json::from_slice::<Value>(body) {
                collect(&body, &mut contents);
            }
        }
        contents
    }
}

/// Every member `content` in it, decoded.
fn collect(value: &Value, contents: &mut Vec<Vec<u8>>) {
    match value {
        Value::Object(members) => {
            let content = members.get("content").and_then(Value::as_str);
            contents.extend(content.and_then(|text| STANDARD.decode(text).ok()));
            members.values().for_each(|member| collect(member, contents));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, contents)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What of a text's base64 form does not depend on what stands before and after it.
pub(crate) fn base64_core(bytes: &[u8]) -> Vec<u8> {
    let whole = bytes.len() / 3 * 3;
    STANDARD.encode(bytes.get(..whole).unwrap_or(bytes)).into_bytes()
}

#[async_trait]
impl Transport for Observer {
    async fn request(&self, request: &Request) -> Result<Answer, TransportError> {
        if let Some(body) = &request.body {
            let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
            bodies.push(body.clone());
        }
        self.inner.request(request).await
    }

    async fn open_socket(
        &self,
        path: &str,
        bearer: &str,
    ) -> Result<Box<dyn Socket>, TransportError> {
        self.inner.open_socket(path, bearer).await
    }

    fn server(&self) -> &str {
        self.inner.server()
    }
}
