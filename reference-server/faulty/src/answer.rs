//! Answers that can be changed.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header, response::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use countersign_server::problem::{Code, Problem};
use serde::Serialize;
use serde_json::Value;

/// An answer that was read to its end.
pub(crate) struct Answer {
    parts: Parts,
    body: Bytes,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self { parts, body: to_bytes(body, usize::MAX).await.unwrap_or_default() }
    }

    /// One of one's own.
    pub(crate) fn json_of(status: u16, body: impl Serialize) -> Self {
        let (parts, _) = Response::new(Body::empty()).into_parts();
        let mut answer = Self { parts, body: Bytes::new() };
        answer.set_status(status);
        answer.named();
        let json = serde_json::to_value(body).unwrap_or_default();
        answer.set_body("application/json", json.to_string());
        answer
    }

    /// 204.
    pub(crate) fn empty() -> Self {
        let (parts, _) = Response::new(Body::empty()).into_parts();
        let mut answer = Self { parts, body: Bytes::new() };
        answer.set_status(204);
        answer.named();
        answer
    }

    /// A refusal.
    pub(crate) fn refusal(problem: impl Into<Problem>) -> Self {
        let problem = problem.into();
        let id = uuid::Uuid::now_v7().to_string();
        let mut body = problem.body();
        if let Some(members) = body.as_object_mut() {
            members.insert("request_id".to_owned(), id.clone().into());
        }
        let (parts, _) = problem.into_response().into_parts();
        let mut answer = Self { parts, body: Bytes::new() };
        if let Ok(id) = HeaderValue::from_str(&id) {
            answer.parts.headers.insert("request-id", id);
        }
        answer.set_body("application/problem+json", body.to_string());
        answer
    }

    fn named(&mut self) {
        if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::now_v7().to_string()) {
            self.parts.headers.insert("request-id", id);
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.parts.status.as_u16()
    }

    pub(crate) fn set_status(&mut self, status: u16) {
        self.parts.status = StatusCode::from_u16(status).unwrap_or_default();
    }

    pub(crate) const fn headers(&mut self) -> &mut HeaderMap {
        &mut self.parts.headers
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn set_json(&mut self, json: &Value) {
        self.set_bytes(json.to_string());
    }

    pub(crate) fn set_body(&mut self, content_type: &'static str, text: String) {
        self.parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.set_bytes(text);
    }

    /// The body in another text of the same type.
    pub(crate) fn set_bytes(&mut self, text: String) {
        self.parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
        self.body = text.into();
    }

    /// Whether the honest server has refused by this code.
    pub(crate) fn is_refused(&self, code: Code) -> bool {
        self.status() == code.row().1
            && self.json().get("code").is_some_and(|it| it == code.row().0)
    }

    pub(crate) fn into_response(self) -> Response {
        Response::from_parts(self.parts, Body::from(self.body))
    }
}

impl From<Result<Self, Problem>> for Answer {
    fn from(result: Result<Self, Problem>) -> Self {
        result.unwrap_or_else(Self::refusal)
    }
}
