//! Axum's extractors, read strictly, and with a problem for everything that does not fit. Spec: `spec/server/http.md`.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::{
    app::AppState,
    problem::{Code, Problem},
    wire::Object,
};

/// A body: one JSON object of exactly this shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// Path parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<T>(pub(crate) T);

/// Query parameters, of which none is unknown or twice there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let limits = &app.config.limits;
        let limit = limits.body_bytes;
        let read = read(request.into_body(), limit);
        let bytes = tokio::time::timeout(Duration::from_secs(limits.body_seconds), read)
            .await
            .map_err(|_elapsed| Code::RequestTimeout)??;
        let object = serde_json::from_slice::<Object<T>>(&bytes).map_err(|error| shape(&error))?;
        Ok(Self(object.0))
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, app).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_) => Err(Problem::new(Code::Malformed, "a parameter in the path")),
        }
    }
}

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, app).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(_) => Err(Problem::new(Code::Malformed, "a parameter in the query")),
        }
    }
}

/// `application/json`, with or without `charset=utf-8`.
fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Code::UnsupportedMediaType.into());
    };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let is_json =
        parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| {
        let parameter = parameter.to_ascii_lowercase();
        matches!(parameter.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"")
    });
    if is_json && is_utf8 { Ok(()) } else { Err(Code::UnsupportedMediaType.into()) }
}

async fn read(body: Body, limit: usize) -> Result<bytes::Bytes, Problem> {
    if http_body::Body::size_hint(&body).lower() > limit as u64 {
        return Err(Code::TooLarge.into());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Code::TooLarge.into()),
        Err(_) => Err(Problem::new(Code::Malformed, "the body broke off")),
    }
}

/// Says where the body is not of its shape; never what is there instead.
fn shape(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let names_a_member = ["missing field", "duplicate field"].iter().any(|it| text.starts_with(it));
    let detail = if names_a_member {
        text
    } else {
        format!("not of the documented shape at line {} column {}", error.line(), error.column())
    };
    Problem::new(Code::Malformed, detail)
}
