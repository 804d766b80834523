//! The judge's HTTP client: no cookies, no redirects, no error for a status; it keeps what it saw.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use ureq::{Agent, Body, http};

use super::{
    contract::{Contract, Findings},
    exchange,
    reply::Reply,
    target::Address,
};
use crate::{
    case::{Stop, Trouble},
    subject::{STEPS_KEPT, Step},
};

/// Longest time for one request, before it is scaled.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// One request. Every part may be anything.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query, for instance `/api/v1/auth/me`.
    pub path: String,
    /// The access token, sent as `Authorization: Bearer`.
    pub token: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// A request without a body.
    #[must_use]
    pub fn bare(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            token: None,
            headers: Vec::new(),
            body: None,
        }
    }

    /// `GET`.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self::bare("GET", path)
    }

    /// `DELETE`.
    #[must_use]
    pub fn delete(path: impl Into<String>) -> Self {
        Self::bare("DELETE", path)
    }

    /// `POST` with a JSON body.
    #[must_use]
    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::text("POST", path, body.to_string())
    }

    /// `PUT` with a JSON body.
    #[must_use]
    pub fn put(path: impl Into<String>, body: &Value) -> Self {
        Self::text("PUT", path, body.to_string())
    }

    /// A body that need not be JSON, declared as `application/json`.
    #[must_use]
    pub fn text(method: &str, path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let mut request = Self::bare(method, path).header("Content-Type", "application/json");
        request.body = Some(body.into());
        request
    }

    /// The same with an access token.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with this content type, or none.
    #[must_use]
    pub fn content_type(mut self, value: Option<&str>) -> Self {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        match value {
            Some(value) => self.header("Content-Type", value),
            None => self,
        }
    }

    /// `POST /api/v1/auth/login`, without the query.
    #[must_use]
    pub fn operation(&self) -> String {
        format!("{} {}", self.method, self.path.split('?').next().unwrap_or_default())
    }
}

/// A client of one server. Clones share the connections and what was seen; it may be used from several threads.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    agent: Agent,
    address: Address,
    timeout: Duration,
    steps: Arc<Mutex<VecDeque<Step>>>,
    findings: Arc<Findings>,
}

impl Client {
    /// A client of the server at an address.
    #[must_use]
    pub fn new(address: Address, timeout_scale: f64, findings: Arc<Findings>) -> Self {
        let timeout = REQUEST_TIMEOUT.mul_f64(timeout_scale);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(timeout))
            // A server closes connections that are idle for as long as it waits for a header.
            .max_idle_age(Duration::from_secs(3))
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .user_agent("countersign-conformance")
            .build()
            .new_agent();
        Self(Arc::new(Inner { agent, address, timeout, steps: Arc::default(), findings }))
    }

    /// A client of another server that writes into the same steps.
    #[must_use]
    pub fn at(&self, address: Address) -> Self {
        let Inner { agent, timeout, steps, findings, .. } = self.0.as_ref();
        Self(Arc::new(Inner {
            agent: agent.clone(),
            address,
            timeout: *timeout,
            steps: Arc::clone(steps),
            findings: Arc::clone(findings),
        }))
    }

    /// Where the server is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// Longest time for one request.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.0.timeout
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// Inconclusive when there is no answer.
    pub fn send(&self, request: &Request) -> Result<Reply, Stop> {
        let answer = self.exchange(request);
        let line = match &answer {
            Ok((parts, body)) => exchange::reply_line(parts.status.as_u16(), body),
            Err(error) => format!("({error})"),
        };
        self.keep(exchange::request_line(request), line);
        let (parts, body) = answer.map_err(|error| self.trouble(request, &error))?;
        let reply = Reply::new(
            request.operation(),
            exchange::curl(&self.0.address.url(), request),
            parts.status.as_u16(),
            parts.headers,
            body,
        );
        for violation in Contract::shipped().check(request, &reply) {
            self.0.findings.add(violation, &reply.curl);
        }
        Ok(reply)
    }

    fn exchange(&self, request: &Request) -> Result<(http::response::Parts, Vec<u8>), ureq::Error> {
        let mut built = http::Request::builder().method(request.method.as_str()).uri(format!(
            "{}{}",
            self.0.address.url(),
            request.path
        ));
        for (name, value) in &request.headers {
            built = built.header(name, value);
        }
        if let Some(token) = &request.token {
            built = built.header("Authorization", format!("Bearer {token}"));
        }
        let response = match &request.body {
            Some(body) => self.0.agent.run(built.body(body.clone())?)?,
            None => self.0.agent.run(built.body(())?)?,
        };
        let (parts, body): (_, Body) = response.into_parts();
        let body = body.into_with_config().limit(16 * 1024 * 1024).read_to_vec()?;
        Ok((parts, body))
    }

    fn trouble(&self, request: &Request, error: &ureq::Error) -> Stop {
        let op = request.operation();
        Stop::Inconclusive(match error {
            ureq::Error::Timeout(_) => {
                let after_ms = u64::try_from(self.0.timeout.as_millis()).unwrap_or(u64::MAX);
                Trouble::Timeout { op, after_ms }
            }
            other => Trouble::Io(format!("{op}: {other}")),
        })
    }

    /// Writes a step down.
    pub fn keep(&self, request: String, reply: String) {
        let mut steps = self.0.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.len() == STEPS_KEPT {
            steps.pop_front();
        }
        steps.push_back(Step { request, reply });
    }

    /// The last steps, the oldest first.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let steps = self.0.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.iter().cloned().collect()
    }

    /// What did not fit the shipped document so far, in this run.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.0.findings
    }
}
