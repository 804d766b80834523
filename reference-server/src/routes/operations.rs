//! What a server tells those who run it, and those who are about to use it. Spec: `spec/server/operations.md`.

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use serde::Serialize;

use crate::{
    app::AppState,
    config::{Limits, Provisioning, Rates},
    ids::Suite,
    problem::{Code, Problem},
    wire::Base64Array,
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi))
        .route("/.well-known/countersign", get(capabilities))
}

/// `spec/openapi.yaml` as JSON, made when the server is built.
const OPENAPI: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

#[derive(Serialize)]
struct HealthReply {
    status: &'static str,
}

/// `GET /health`: whether the process lives.
async fn health() -> axum::Json<HealthReply> {
    axum::Json(HealthReply { status: "ok" })
}

/// `GET /ready`: whether requests can be served.
async fn ready(State(app): State<AppState>) -> Result<axum::Json<HealthReply>, Problem> {
    if app.hub.is_ending() {
        return Err(Code::Unavailable.into());
    }
    app.store.ready().await.map_err(|_cause| Code::Unavailable)?;
    Ok(health().await)
}

/// `GET /metrics`: counters in the text format of Prometheus.
async fn metrics(State(app): State<AppState>) -> impl IntoResponse {
    let text_format = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, text_format)], app.metrics.render())
}

/// `GET /openapi.json`: the description of this interface.
async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

#[derive(Serialize)]
struct Capabilities {
    specification: &'static str,
    api: &'static str,
    suites: Vec<&'static str>,
    profiles: [&'static str; 1],
    signing_key: Base64Array<32>,
    limits: Told,
    provisioning: Provisioning,
}

#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    limits: Limits,
    rates: Rates,
}

/// `GET /.well-known/countersign`: the capability document.
async fn capabilities(State(app): State<AppState>) -> axum::Json<Capabilities> {
    let config = &app.config;
    axum::Json(Capabilities {
        specification: "1.0",
        api: "/api/v1",
        suites: Suite::names().collect(),
        profiles: ["server/1"],
        signing_key: Base64Array(*app.signing_key.verifying_key().as_bytes()),
        limits: Told { limits: config.limits, rates: config.rates },
        provisioning: config.provisioning,
    })
}
