//! The spans of requests and of what they ask of the gateway. What browsers say of traces is not believed: they could have
//! every request of theirs kept, or mix theirs into somebody else's.

use axum::http::{Method, StatusCode};
use contracts::link::Command;
use telemetry::{BEGIN, SPAN};
use tracing::{Span, debug_span, field::Empty};

/// A request, until its answer begins (OpenTelemetry, "Semantic conventions for HTTP spans"). Its name is its route, in which
/// no id and no token stands; probes and files are not traced.
pub(crate) fn request(method: &Method, route: Option<&str>) -> Span {
    let Some(route) = route.filter(|route| is_traced(route)) else {
        return Span::none();
    };
    telemetry::sampled(|| {
        debug_span!(
            target: BEGIN,
            "http.request",
            otel.name = %format_args!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = %method,
            http.route = route,
            http.response.status_code = Empty,
        )
    })
}

/// It was answered.
pub(crate) fn answered(span: &Span, status: StatusCode) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "error");
    }
}

/// A command on its way to the gateway, once more after a hand-over included. The command is told whose it is.
pub(crate) fn command(command: &mut Command) -> Span {
    let span = debug_span!(
        target: SPAN,
        "link.command",
        otel.name = %format_args!("link.command {}", command.command),
        otel.kind = "client",
        otel.status_code = Empty,
        rpc.system = "link",
        rpc.method = command.command,
    );
    command.trace = telemetry::traceparent(&span);
    span
}

fn is_traced(route: &str) -> bool {
    let is_probe = matches!(route, "/api/health" | "/api/ready" | "/api/openapi.json");
    (route.starts_with("/api/") || route.starts_with("/auth/")) && !is_probe
}
