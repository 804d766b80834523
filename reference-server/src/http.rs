//! What all requests have in common: an id, a time limit, a line in the log, a count, and problems for all that fails.
//!
//! Spec: `spec/server/http.md`.

mod serve;
#[cfg(test)]
mod tests;
mod tls;

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use uuid::Uuid;

pub use serve::{Transport, serve};
pub use tls::{TlsError, acceptor};

use crate::{
    app::AppState,
    problem::{Code, Problem},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Goes around every request, those that no route fits included.
pub(crate) async fn observe(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let id = app.uuid7();
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let begin = Instant::now();
    let limit = app.config.limits.body_seconds.saturating_add(app.config.http.request_seconds);
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = match tokio::time::timeout(Duration::from_secs(limit), answered).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => Problem::internal("a handler panicked").into_response(),
        Err(_elapsed) => Problem::new(Code::Unavailable, "it took too long").into_response(),
    };
    let response = name(id, as_problem(response));
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    log(id, method, route, &response, begin.elapsed());
    app.metrics.request(method, route, response.status().as_u16(), begin.elapsed());
    response
}

/// One event a request. Nothing in it comes from the request but the method.
fn log(id: Uuid, method: &str, route: &str, response: &Response, took: Duration) {
    let code = response.extensions().get::<Problem>().map_or("", |problem| problem.code.row().0);
    let status = response.status().as_u16();
    let ms = took.as_micros() as f64 / 1000.0;
    tracing::info!(request_id = %id, method, route, status, code, ms, "request");
}

/// Makes a problem of an error that came from elsewhere, for instance from the router itself.
fn as_problem(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.extensions().get::<Problem>().is_some()
    {
        return response;
    }
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::UPGRADE_REQUIRED => Code::UpgradeRequired,
        status if status.is_client_error() => Code::Malformed,
        _ => Code::Internal,
    };
    let mut problem = Problem::from(code).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow.clone());
    }
    problem
}

/// Puts the request's id into the header, and into the body of a problem.
fn name(id: Uuid, mut response: Response) -> Response {
    let text = id.to_string();
    if let Some(problem) = response.extensions().get::<Problem>() {
        let mut body = problem.body();
        if let Some(members) = body.as_object_mut() {
            members.insert("request_id".to_owned(), text.clone().into());
        }
        let body = body.to_string();
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = body.into();
    }
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The method as a label: one of a few.
fn method_name(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
    known.into_iter().find(|name| *name == method.as_str()).unwrap_or("OTHER")
}
