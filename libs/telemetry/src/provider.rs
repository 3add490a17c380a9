//! How spans leave the process: sampled, in batches, over OTLP, and never in anybody's way.

use std::{
    collections::HashMap,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanData,
        SpanExporter,
    },
};
use prometheus::{IntCounterVec, Opts};
use tracing::{
    Level, Metadata, Subscriber, info, level_filters::LevelFilter, subscriber::Interest, warn,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, Filter},
    registry::LookupSpan,
};

use crate::{BEGIN, SPAN, TelemetryConfig, trace::keep};

/// Spans that wait for the exporter; more are dropped, so that a collector that is away costs nothing else.
const SPAN_QUEUE: usize = 4096;

/// How long one export, and the last one at the end, may take.
pub(crate) const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a span waits for others to leave with.
const EXPORT_EVERY: Duration = Duration::from_secs(1);

/// What became of spans, by outcome. The process has one exporter, and so one count of them.
pub(crate) static SPANS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let opts = Opts::new(
        "fanfare_trace_spans_total",
        "Spans that were ended, and those of them that a collector took (exported) or did not take (failed); what is missing was dropped because too many waited",
    );
    IntCounterVec::new(opts, &["outcome"]).expect("the name and the label are valid")
});

/// Where spans go.
pub(crate) fn provider(
    config: &TelemetryConfig,
    endpoint: &str,
    service: &'static str,
) -> Result<SdkTracerProvider, ExporterBuildError> {
    // Fails where the process has chosen a provider already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let headers = config.otlp_headers.iter();
    let headers = headers.map(|(name, value)| (name.clone(), value.expose().to_owned()));
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_headers(headers.collect::<HashMap<_, _>>())
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    let batch = BatchConfigBuilder::default()
        .with_max_queue_size(SPAN_QUEUE)
        .with_scheduled_delay(EXPORT_EVERY)
        .build();
    let exporter = Watched {
        exporter,
        failed: AtomicU64::new(0),
    };
    Ok(SdkTracerProvider::builder()
        .with_span_processor(Counted)
        .with_span_processor(
            BatchSpanProcessor::builder(exporter)
                .with_batch_config(batch)
                .build(),
        )
        .with_sampler(sampler(config))
        .with_resource(resource(config, service))
        .build())
}

/// Where a parent's decision counts, the other ones fall before a span is made; else they are made by the id of the trace.
fn sampler(config: &TelemetryConfig) -> Sampler {
    if config.parent_based {
        keep(config.sample_ratio);
        Sampler::ParentBased(Box::new(Sampler::AlwaysOn))
    } else {
        Sampler::TraceIdRatioBased(config.sample_ratio)
    }
}

/// Who tells; what the operator says about it counts more. (The SDK's own detectors read the environment behind our back.)
fn resource(config: &TelemetryConfig, service: &'static str) -> Resource {
    let attributes = config.resource_attributes.iter();
    let attributes = attributes.map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    let resource = Resource::builder_empty()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(attributes);
    match &config.service_name {
        Some(name) => resource.with_service_name(name.clone()),
        None => resource,
    }
    .build()
}

/// What makes spans of `tracing` spans of a trace.
pub(crate) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer::<SdkTracer>(provider.tracer("fanfare"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_filter(OfTraces)
}

/// Takes the spans that are meant to be exported, and none of what libraries tell. A part of a trace is not made outside of one.
struct OfTraces;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Filter<S> for OfTraces {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        match metadata.target() {
            BEGIN => metadata.is_span(),
            SPAN => metadata.is_span() && context.lookup_current().is_some(),
            _ => false,
        }
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.target() {
            BEGIN if metadata.is_span() => Interest::always(),
            SPAN if metadata.is_span() => Interest::sometimes(),
            _ => Interest::never(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(Level::DEBUG))
    }
}

/// Counts the spans that end.
#[derive(Debug)]
struct Counted;

impl opentelemetry_sdk::trace::SpanProcessor for Counted {
    fn on_start(&self, _span: &mut opentelemetry_sdk::trace::Span, _cx: &opentelemetry::Context) {}

    fn on_end(&self, _span: SpanData) {
        SPANS.with_label_values(&["ended"]).inc();
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Counts what an exporter does, and tells when it begins to fail and when it works again: not each time in between.
#[derive(Debug)]
struct Watched<E> {
    exporter: E,
    /// Spans that were lost since it began to fail.
    failed: AtomicU64,
}

impl<E: SpanExporter> SpanExporter for Watched<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let outcome = self.exporter.export(batch).await;
        match &outcome {
            Ok(()) => {
                SPANS.with_label_values(&["exported"]).inc_by(spans);
                let lost = self.failed.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    info!(component = "Internal", lost, "traces are exported again");
                }
            }
            Err(error) => {
                SPANS.with_label_values(&["failed"]).inc_by(spans);
                if self.failed.fetch_add(spans, Ordering::Relaxed) == 0 {
                    warn!(component = "Internal", %error, "traces can't be exported; until they can, they are lost");
                }
            }
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Shaky(Arc<Mutex<u32>>);

    impl SpanExporter for Shaky {
        async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
            let mut failures = self.0.lock();
            if *failures == 0 {
                return Ok(());
            }
            *failures -= 1;
            Err(opentelemetry_sdk::error::OTelSdkError::InternalFailure(
                "away".into(),
            ))
        }
    }

    #[tokio::test]
    async fn what_is_lost_is_counted_and_told_once() {
        let counted = |outcome| SPANS.with_label_values(&[outcome]).get();
        let before = (counted("failed"), counted("exported"));
        let shaky = Shaky(Arc::new(Mutex::new(3)));
        let watched = Watched {
            exporter: shaky,
            failed: AtomicU64::new(0),
        };
        let mut lost = Vec::new();
        for _ in 0..4 {
            let _outcome = watched.export(crate::trace::tests::spans(2)).await;
            lost.push(watched.failed.load(Ordering::Relaxed));
        }
        assert_eq!(lost, [2, 4, 6, 0]);
        assert_eq!(counted("failed") - before.0, 6);
        assert_eq!(counted("exported") - before.1, 2);
    }
}
