use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tracing::{Span, debug_span, field::Empty};
use twilight_http::{Error, error::ErrorType, request::Method, response::Response};

use super::{RestError, SENDS, route::route};

/// Hears what becomes of requests, so that metrics stay out of the client.
pub trait RestObserver: Send + Sync + 'static {
    /// A request has ended, with an answer or without. Called from the asking task: it must not block.
    fn ended(&self, request: &RestRequest);
}

/// Nobody listens.
impl RestObserver for () {
    fn ended(&self, _: &RestRequest) {}
}

/// A request that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestRequest {
    /// As HTTP names it.
    pub method: &'static str,
    /// The path's family: `/guilds/{id}/members/{id}`. It holds no id and no token.
    pub route: String,
    /// From the question to the (last) sending: how long it waited for its turn, by Discord's rate limits as answers told them.
    /// Where it was sent twice, the first answer's time is in it. The whole time if it was never sent.
    pub waited: Duration,
    /// From the question to the end, the waiting included.
    pub took: Duration,
    /// Times that it was sent; the second after a 429.
    pub sends: u32,
    /// What became of it, see [`RestError::name`]; `done` if it was done.
    pub outcome: &'static str,
}

impl RestError {
    /// What became of the request, as metrics have it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not-found",
            Self::RateLimited { .. } => "rate-limited",
            Self::Unavailable(_) => "unavailable",
            Self::Unreachable => "unreachable",
            Self::Unknown(_) => "unknown",
            Self::Rejected { .. } => "rejected",
            Self::Unintelligible => "unintelligible",
        }
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Watched {
    method: &'static str,
    route: String,
    began: Instant,
    sends: Arc<Sends>,
    span: Span,
}

#[derive(Debug, Default)]
struct Sends {
    count: AtomicU32,
    /// Microseconds from the question to the last sending.
    last: AtomicU64,
}

impl Watched {
    pub(super) fn new(method: Method, path: &str) -> Self {
        let (method, route) = (method.name(), route(path));
        Self {
            span: span(method, &route),
            method,
            route,
            began: Instant::now(),
            sends: Arc::default(),
        }
    }

    /// The part of a trace that it is, where there is one.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Notes the status that was answered, if one was.
    pub(super) fn answered<T>(&self, response: &Result<Response<T>, Error>) {
        let status = match response {
            Ok(response) => response.status().get(),
            Err(error) => match error.kind() {
                ErrorType::Response { status, .. } => status.get(),
                _ => return,
            },
        };
        self.span.record("http.response.status_code", status);
    }

    /// Asked before each sending whether it may be sent.
    pub(super) fn pre_flight(&self) -> impl Fn() -> bool + Send + 'static {
        let (sends, began) = (Arc::clone(&self.sends), self.began);
        move || {
            let may = sends.count.fetch_add(1, Ordering::Relaxed) < SENDS;
            if may {
                let waited = began.elapsed().as_micros() as u64;
                sends.last.store(waited, Ordering::Relaxed);
            }
            may
        }
    }

    /// Whether it was sent.
    pub(super) fn is_sent(&self) -> bool {
        self.sends.count.load(Ordering::Relaxed) > 0
    }

    /// Tells how it ended.
    pub(super) fn tell<T>(self, observer: &dyn RestObserver, outcome: &Result<T, RestError>) {
        let took = self.began.elapsed();
        let sends = self.sends.count.load(Ordering::Relaxed).min(SENDS);
        let last = Duration::from_micros(self.sends.last.load(Ordering::Relaxed));
        self.span
            .record("http.request.resend_count", sends.saturating_sub(1));
        if let Err(error) = outcome {
            self.span.record("otel.status_code", "error");
            self.span.record("error.type", error.name());
        }
        observer.ended(&RestRequest {
            method: self.method,
            route: self.route,
            waited: if sends == 0 { took } else { last },
            took,
            sends,
            outcome: outcome.as_ref().err().map_or("done", RestError::name),
        });
    }
}

/// The waiting for its turn and the answer (OpenTelemetry, "Semantic conventions for HTTP spans"). Not made outside of a trace.
fn span(method: &'static str, route: &str) -> Span {
    debug_span!(
        target: "trace",
        "discord.rest",
        otel.name = %format_args!("{method} {route}"),
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = method,
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        url.template = route,
        error.type = Empty,
    )
}
