//! Spans of OpenTelemetry traces, made with the macros of `tracing`.
//!
//! Logic names a target and nothing else of this crate: [`BEGIN`] for a span with which a trace may begin or go on from another
//! process, [`SPAN`] for a part of one. Without an exporter such spans are not made at all (they are below the level of logs),
//! and a part is made only inside a span that is kept: nothing is orphaned, and what is not sampled costs one random number.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use opentelemetry::{
    propagation::TextMapPropagator as _,
    trace::{SpanContext, TraceContextExt as _},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Target of spans with which a trace begins, or goes on from another process.
pub const BEGIN: &str = "trace::begin";

/// Target of spans that are part of a trace; outside of one they are not made. Libraries that do not know this crate write
/// the word.
pub const SPAN: &str = "trace";

const HEADER: &str = "traceparent";

/// The part of the traces that begin here which is kept, as the bits of a number from 0 to 1: the coin of [`sampled`].
static KEPT: AtomicU64 = AtomicU64::new(1.0_f64.to_bits());

/// From now on this part of the traces that begin here is kept, 0 to 1.
pub(crate) fn keep(ratio: f64) {
    KEPT.store(ratio.to_bits(), Ordering::Relaxed);
}

/// A span with which a trace begins, if that is kept; else none. `make` is asked only if needed.
pub fn sampled(make: impl FnOnce() -> Span) -> Span {
    if rand::random::<f64>() < f64::from_bits(KEPT.load(Ordering::Relaxed)) {
        if_kept(make())
    } else {
        Span::none()
    }
}

/// The span, if the exporter keeps its trace; else none.
fn if_kept(span: Span) -> Span {
    if of(&span).is_some_and(|context| context.is_sampled()) {
        span
    } else {
        Span::none()
    }
}

/// A span that goes on a trace of another process (W3C Trace Context, "traceparent"); none where that is not kept, or nothing
/// of the kind. `make` is asked only if needed.
pub fn continued(traceparent: Option<&str>, make: impl FnOnce() -> Span) -> Span {
    let Some(traceparent) = traceparent.filter(|traceparent| is_kept(traceparent)) else {
        return Span::none();
    };
    let span = make();
    if span.is_disabled() {
        return span;
    }
    let carrier = HashMap::from([(HEADER.to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract(&carrier);
    if !parent.span().span_context().is_valid() {
        return Span::none();
    }
    match span.set_parent(parent) {
        Ok(()) => if_kept(span),
        Err(_not_exported) => Span::none(),
    }
}

/// How another process goes on from a span: its W3C traceparent. `None` = its trace is not kept.
pub fn traceparent(span: &Span) -> Option<String> {
    let context = of(span).filter(SpanContext::is_sampled)?;
    Some(format!(
        "00-{}-{}-{:02x}",
        context.trace_id(),
        context.span_id(),
        context.trace_flags().to_u8()
    ))
}

/// The trace that a span belongs to, as it is written in logs: 32 hexadecimal digits. `None` = it is not kept.
pub fn trace_id(span: &Span) -> Option<String> {
    let context = of(span).filter(SpanContext::is_sampled)?;
    Some(context.trace_id().to_string())
}

/// Says that a span has to do with another one, of another trace.
pub fn link(span: &Span, other: &Span) {
    if let Some(other) = of(other) {
        span.add_link(other);
    }
}

/// Says that something happened within a span, at a moment that is over.
pub fn happened(span: &Span, what: &'static str, at: SystemTime) {
    span.add_event_with_timestamp(what, at, Vec::new());
}

/// The context of a span that exists; a span of logs alone has none.
fn of(span: &Span) -> Option<SpanContext> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then_some(context)
}

/// The last of its flags says so.
fn is_kept(traceparent: &str) -> bool {
    let flags = traceparent.get(53..55);
    let flags = flags.and_then(|flags| u8::from_str_radix(flags, 16).ok());
    flags.is_some_and(|flags| flags & 1 == 1)
}

#[cfg(test)]
pub(crate) mod tests;
