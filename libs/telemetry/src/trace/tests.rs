use std::{sync::Arc, time::Duration};

use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use parking_lot::Mutex;
use tracing::{debug_span, info, subscriber::with_default};
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _};

use super::*;
use crate::provider::layer;

/// Keeps what is exported.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().extend(batch);
        Ok(())
    }
}

/// What is exported of `work`, with logs at a level beside.
fn exported(sampler: Sampler, logs: &str, work: impl FnOnce()) -> Vec<SpanData> {
    let kept = Kept::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(kept.clone())
        .with_sampler(sampler)
        .build();
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(std::io::sink)
        .with_filter(EnvFilter::new(logs));
    let subscriber = tracing_subscriber::registry()
        .with(layer(&provider))
        .with(logs);
    with_default(subscriber, work);
    std::mem::take(&mut *kept.0.lock())
}

/// So many spans that were exported.
pub(crate) fn spans(count: usize) -> Vec<SpanData> {
    exported(Sampler::AlwaysOn, "off", || {
        for _ in 0..count {
            drop(debug_span!(target: BEGIN, "one"));
        }
    })
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("there is no {name}: {spans:?}"))
}

#[test]
fn a_trace_goes_on_in_another_process() {
    let mut traceparent = None;
    let here = exported(Sampler::AlwaysOn, "info", || {
        let root = sampled(|| debug_span!(target: BEGIN, "dispatch"));
        let part = root.in_scope(|| debug_span!(target: SPAN, "publish"));
        traceparent = self::traceparent(&part);
        assert_eq!(trace_id(&part), trace_id(&root));
    });
    let there = exported(Sampler::AlwaysOn, "info", || {
        let span = continued(
            traceparent.as_deref(),
            || debug_span!(target: BEGIN, "receive"),
        );
        assert!(!span.is_disabled());
    });
    let (root, part, remote) = (
        named(&here, "dispatch"),
        named(&here, "publish"),
        named(&there, "receive"),
    );
    assert_eq!(part.parent_span_id, root.span_context.span_id());
    assert_eq!(remote.parent_span_id, part.span_context.span_id());
    assert_eq!(remote.span_context.trace_id(), root.span_context.trace_id());
    assert!(remote.parent_span_is_remote && !part.parent_span_is_remote);
}

#[test]
fn what_is_not_kept_leaves_nothing_behind() {
    for logs in ["info", "trace"] {
        let spans = exported(Sampler::AlwaysOff, logs, || {
            let root = sampled(|| debug_span!(target: BEGIN, "dispatch"));
            assert!(root.is_disabled() && traceparent(&root).is_none());
            root.in_scope(|| {
                let part = debug_span!(target: SPAN, "publish");
                assert!(trace_id(&part).is_none());
            });
        });
        assert_eq!(spans.len(), 0);
    }
}

#[test]
fn nothing_is_part_of_no_trace() {
    let spans = exported(Sampler::AlwaysOn, "debug", || {
        let _of_logs = tracing::info_span!("request").entered();
        let _alone = debug_span!(target: SPAN, "redis.script").entered();
        info!(target: SPAN, "an event");
        info!("a log line");
    });
    assert_eq!(spans.len(), 0);
}

#[test]
fn no_log_line_gets_into_a_trace() {
    let spans = exported(Sampler::AlwaysOn, "trace", || {
        let _root = debug_span!(target: BEGIN, "dispatch").entered();
        info!(secret = "text", "a log line");
        tracing::info_span!("of a library").in_scope(|| info!("another one"));
    });
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].events.len(), 0);
}

#[test]
fn without_an_exporter_no_span_is_made() {
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(std::io::sink)
        .with_filter(EnvFilter::new("info"));
    with_default(tracing_subscriber::registry().with(logs), || {
        assert!(debug_span!(target: BEGIN, "dispatch").is_disabled());
        assert!(debug_span!(target: SPAN, "publish").is_disabled());
    });
}

#[test]
fn only_a_traceparent_that_is_kept_is_gone_on_from() {
    let kept = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let spans = exported(Sampler::AlwaysOn, "info", || {
        let make = || debug_span!(target: BEGIN, "receive");
        assert!(!continued(Some(kept), make).is_disabled());
        let zero = kept.replace("b7ad6b7169203331", "0000000000000000");
        let others = [
            None,
            Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
            Some("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            Some(zero.as_str()),
            Some("00-é"),
            Some(""),
        ];
        for other in others {
            assert!(continued(other, make).is_disabled(), "{other:?}");
        }
    });
    assert_eq!(
        spans
            .iter()
            .filter(|span| span.parent_span_is_remote)
            .count(),
        1
    );
}

#[test]
fn moments_and_links_are_kept() {
    let at = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(7);
    let spans = exported(Sampler::AlwaysOn, "info", || {
        let (one, other) = (
            debug_span!(target: BEGIN, "one"),
            debug_span!(target: BEGIN, "other"),
        );
        happened(&one, "written", at);
        link(&one, &other);
        link(&one, &Span::none());
    });
    let (one, other) = (named(&spans, "one"), named(&spans, "other"));
    assert_eq!(one.events[0].timestamp, at);
    assert_eq!(one.links.links.len(), 1);
    assert_eq!(
        one.links[0].span_context.span_id(),
        other.span_context.span_id()
    );
}
