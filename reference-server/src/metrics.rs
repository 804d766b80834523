//! What is counted. No label ever holds an id, a name or an address: spec `spec/server/operations.md`.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

const METADATA: Metadata<'static> = Metadata::new("countersign_server", Level::INFO, None);

/// Bounds of the histogram of durations, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// The counters of one server.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// Bundles given by claims with a one-time prekey.
    pub claims: Counter,
    /// Bundles given by claims without one.
    pub claims_empty: Counter,
    /// Messages stored, repeats left out.
    pub messages: Counter,
    /// Envelopes that a full mailbox did not take.
    pub overflows: Counter,
    /// Envelopes that ended unread.
    pub expired: Counter,
    /// sockets open now.
    pub connections: Gauge,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics(..)")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let builder = PrometheusBuilder::new();
        let recorder = builder.set_buckets(&BUCKETS).unwrap_or_default().build_recorder();
        let counter = |name: &'static str, kind: Option<&'static str>| {
            let labels = kind.map(|kind| Label::from_static_parts("kind", kind));
            let key = Key::from_parts(name, labels.into_iter().collect::<Vec<_>>());
            recorder.register_counter(&key, &METADATA)
        };
        let claims = "countersign_claims_total";
        Self {
            claims: counter(claims, Some("one_time")),
            claims_empty: counter(claims, Some("none")),
            messages: counter("countersign_messages_total", None),
            overflows: counter("countersign_mailbox_overflow_total", None),
            expired: counter("countersign_expired_total", None),
            connections: recorder
                .register_gauge(&Key::from_static_name("countersign_connections"), &METADATA),
            handle: recorder.handle(),
            recorder,
        }
    }
}

impl Metrics {
    /// Counts one answered request. `route` is the route's pattern, never the path itself.
    pub fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let labels = vec![
            Label::from_static_parts("method", method),
            Label::new("route", route.to_owned()),
            Label::new("status", status.to_string()),
        ];
        let key = Key::from_parts("countersign_requests_total", labels);
        self.recorder.register_counter(&key, &METADATA).increment(1);
        self.duration("countersign_request_seconds", route).record(took);
    }

    fn duration(&self, name: &'static str, route: &str) -> Histogram {
        let key = Key::from_parts(name, vec![Label::new("route", route.to_owned())]);
        self.recorder.register_histogram(&key, &METADATA)
    }

    /// Everything in the text format of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}
