//! An answer of the server, and what a case may ask of it.

use serde_json::Value;
use ureq::http::HeaderMap;

use super::exchange;
use crate::case::{Failure, Outcome, Severity, Stop};

/// A whole answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What it answers: `POST /api/v1/auth/login`.
    pub op: String,
    /// The command line that sends the request again.
    pub curl: String,
    /// The status.
    pub status: u16,
    /// The body as it came.
    pub body: Vec<u8>,
    headers: HeaderMap,
    json: Value,
}

impl Reply {
    pub(super) fn new(
        op: String,
        curl: String,
        status: u16,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Self {
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Self { op, curl, status, body, headers, json }
    }

    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.json
    }

    /// A header's value, if it is there and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The problem's code; empty when the body is no problem.
    #[must_use]
    pub fn code(&self) -> &str {
        self.json.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// `409 username_taken`, or status and body when there is no code.
    #[must_use]
    pub fn shown(&self) -> String {
        match (self.code(), self.json.get("detail").and_then(Value::as_str)) {
            ("", _) => exchange::reply_line(self.status, &self.body),
            (code, Some(detail)) => format!("{} {code} ({detail})", self.status),
            (code, None) => format!("{} {code}", self.status),
        }
    }

    /// A failure about this exchange.
    pub fn failure(&self, expected: impl Into<String>) -> Failure {
        let failure = Failure::new(&self.op, expected, self.shown()).repeated_by(&self.curl);
        if self.status >= 500 && self.status != 507 {
            failure.weighing(Severity::Robustness)
        } else {
            failure
        }
    }

    /// An honest request: it had to be served with this status.
    ///
    /// # Errors
    /// Fails the case otherwise. Limited or unable to serve is inconclusive: the server is not set up to be judged.
    pub fn ok(self, status: u16) -> Result<Self, Stop> {
        if self.status == status { Ok(self) } else { Err(self.failure(status.to_string()).into()) }
    }

    /// The request had to be refused with exactly this status and code, as a problem document.
    ///
    /// # Errors
    /// Fails the case otherwise: with the case's severity when it was served, with `spec` for another refusal.
    pub fn refused(&self, status: u16, code: &str) -> Outcome {
        self.refused_any(&[(status, code)])
    }

    /// The request had to be refused in one of these ways. Only where the specification leaves that freedom.
    ///
    /// # Errors
    /// As [`Reply::refused`].
    pub fn refused_any(&self, ways: &[(u16, &str)]) -> Outcome {
        if ways.iter().any(|(status, code)| self.status == *status && self.code() == *code) {
            return Ok(());
        }
        let expected: Vec<_> =
            ways.iter().map(|(status, code)| format!("{status} {code}")).collect();
        let failure = self.failure(expected.join(" or "));
        // Refused is refused: a wrong code misleads the caller but lets nothing in.
        let refused = (400..500).contains(&self.status);
        Err(if refused { failure.weighing(Severity::Spec) } else { failure }.into())
    }

    /// A value in the body by its JSON pointer, for instance `/tokens/access_token`.
    ///
    /// # Errors
    /// Fails the case when it is not there.
    pub fn at(&self, pointer: &str) -> Result<&Value, Stop> {
        self.json
            .pointer(pointer)
            .ok_or_else(|| self.failure(format!("{pointer} in the answer")).into())
    }

    /// A text in the body.
    ///
    /// # Errors
    /// Fails the case when it is not there or no text.
    pub fn text(&self, pointer: &str) -> Result<String, Stop> {
        let text = self.at(pointer)?.as_str().map(str::to_owned);
        text.ok_or_else(|| self.failure(format!("a text at {pointer}")).into())
    }

    /// A number in the body.
    ///
    /// # Errors
    /// Fails the case when it is not there or no whole number.
    pub fn number(&self, pointer: &str) -> Result<u64, Stop> {
        let number = self.at(pointer)?.as_u64();
        number.ok_or_else(|| self.failure(format!("a whole number at {pointer}")).into())
    }

    /// An array in the body.
    ///
    /// # Errors
    /// Fails the case when it is not there or no array.
    pub fn list(&self, pointer: &str) -> Result<&[Value], Stop> {
        let list = self.at(pointer)?.as_array();
        list.map(Vec::as_slice).ok_or_else(|| self.failure(format!("an array at {pointer}")).into())
    }

    /// A value in the body must be this one.
    ///
    /// # Errors
    /// Fails the case otherwise.
    pub fn expect(&self, pointer: &str, expected: &Value) -> Outcome {
        let actual = self.json.pointer(pointer);
        if actual == Some(expected) {
            return Ok(());
        }
        let shown = actual.map_or_else(|| "nothing".into(), ToString::to_string);
        let what = format!("{} in the answer to {}", pointer, self.op);
        let failure = Failure::new(what, expected.to_string(), crate::subject::cut(&shown, 300));
        Err(failure.repeated_by(&self.curl).into())
    }

    /// A condition about this answer must hold.
    ///
    /// # Errors
    /// Fails the case otherwise.
    pub fn expect_that(&self, holds: bool, expected: impl Into<String>) -> Outcome {
        if holds {
            return Ok(());
        }
        let shown = crate::subject::cut(&exchange::reply_line(self.status, &self.body), 400);
        Err(Failure { actual: shown, ..self.failure(expected) }.into())
    }

    /// Two answers must have the same bytes, status included.
    ///
    /// # Errors
    /// Fails the case otherwise.
    pub fn expect_same(&self, earlier: &Self) -> Outcome {
        if self.status == earlier.status && self.body == earlier.body {
            return Ok(());
        }
        let expected =
            format!("the same as before: {}", exchange::reply_line(earlier.status, &earlier.body));
        let actual = exchange::reply_line(self.status, &self.body);
        Err(Failure::new(&self.op, expected, actual).repeated_by(&self.curl).into())
    }
}
