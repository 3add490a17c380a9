//! A collector of OpenTelemetry traces: takes OTLP over HTTP and keeps every span.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Status, status::StatusCode as Outcome},
};
use prost::Message as _;

use crate::process::PATIENCE;

/// A span as it was exported.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    /// `service.name` of who told of it.
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) trace: Vec<u8>,
    pub(crate) id: Vec<u8>,
    /// Empty = it has none.
    pub(crate) parent: Vec<u8>,
    /// Nanoseconds.
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    pub(crate) attributes: BTreeMap<String, String>,
    /// Names and nanoseconds of what happened within it.
    pub(crate) events: Vec<(String, u64)>,
    pub(crate) failed: bool,
}

impl Span {
    /// An attribute; empty if there is none.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// An attribute that is a number.
    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> u64 {
        let text = self.attribute(name);
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is `{text}`: {self:?}"))
    }
}

#[derive(Debug, Default)]
struct Kept {
    spans: Vec<Span>,
    /// What stood in `Authorization`.
    authorizations: Vec<String>,
    /// Everything that was sent, as it was.
    raw: Vec<u8>,
    refuses: bool,
}

/// A running collector. It ends with the story.
#[derive(Debug, Clone)]
pub(crate) struct Collector {
    pub(crate) url: String,
    kept: Arc<Mutex<Kept>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let router = Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let url = format!("http://{address}");
        Self { url, kept }
    }

    /// Takes nothing any more, or takes it again.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.kept.lock().expect("nobody panicked").refuses = refuses;
    }

    /// The spans that came so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.kept.lock().expect("nobody panicked").spans.clone()
    }

    pub(crate) fn authorizations(&self) -> Vec<String> {
        let kept = self.kept.lock().expect("nobody panicked");
        kept.authorizations.clone()
    }

    /// Whether a text stands anywhere in what was sent.
    pub(crate) fn was_told(&self, text: &str) -> bool {
        let kept = self.kept.lock().expect("nobody panicked");
        let mut windows = kept.raw.windows(text.len());
        windows.any(|window| window == text.as_bytes())
    }

    /// Waits until the spans that came are what is wanted.
    pub(crate) async fn wait_for<T>(&self, what: &str, wanted: impl Fn(&[Span]) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(found) = wanted(&self.spans()) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never came: {what}; came: {:#?}", self.spans());
    }
}

async fn take(
    State(kept): State<Arc<Mutex<Kept>>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let mut kept = kept.lock().expect("nobody panicked");
    if kept.refuses {
        return (StatusCode::FORBIDDEN, Vec::new());
    }
    let authorization = headers.get(header::AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    kept.authorizations.extend(authorization.map(str::to_owned));
    kept.raw.extend_from_slice(&body);
    let request = ExportTraceServiceRequest::decode(body).expect("it is OTLP");
    for of_resource in request.resource_spans {
        let resource = of_resource.resource.unwrap_or_default();
        let resource = attributes(resource.attributes);
        let service = resource.get("service.name").cloned().unwrap_or_default();
        let scopes = of_resource.scope_spans.into_iter();
        kept.spans
            .extend(scopes.flat_map(|scope| scope.spans).map(|span| {
                Span {
                    service: service.clone(),
                    name: span.name,
                    trace: span.trace_id,
                    id: span.span_id,
                    parent: span.parent_span_id,
                    begun: span.start_time_unix_nano,
                    ended: span.end_time_unix_nano,
                    attributes: attributes(span.attributes),
                    events: span
                        .events
                        .into_iter()
                        .map(|event| (event.name, event.time_unix_nano))
                        .collect(),
                    failed: span
                        .status
                        .is_some_and(|Status { code, .. }| code == Outcome::Error as i32),
                }
            }));
    }
    (StatusCode::OK, Vec::new())
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |pair: KeyValue| {
        let value = match pair.value.and_then(|value| value.value) {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            Some(Value::BoolValue(truth)) => truth.to_string(),
            other => format!("{other:?}"),
        };
        (pair.key, value)
    };
    pairs.into_iter().map(text).collect()
}
