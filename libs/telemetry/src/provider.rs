//! Where traces go.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};

use crate::{InstallError, TelemetryConfig};

/// Spans that wait for the exporter; more are dropped, so that a collector that is away costs nothing else.
const SPAN_QUEUE: usize = 4096;
/// How long one export, and the last one at the end, may take.
pub(crate) const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// Exports in batches to the collector at `endpoint`.
pub(crate) fn provider(
    config: &TelemetryConfig,
    endpoint: &str,
    service: &'static str,
) -> Result<SdkTracerProvider, InstallError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    let batch = BatchConfigBuilder::default()
        .with_max_queue_size(SPAN_QUEUE)
        .with_scheduled_delay(Duration::from_secs(1))
        .build();
    let ratio = Sampler::TraceIdRatioBased(config.sample_ratio);
    let sampler = if config.parent_based {
        Sampler::ParentBased(Box::new(ratio))
    } else {
        ratio
    };
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_span_processor(
            BatchSpanProcessor::builder(exporter)
                .with_batch_config(batch)
                .build(),
        )
        .with_sampler(sampler)
        .with_resource(resource)
        .build())
}

/// The exporter's own traffic must not be traced, or each export would make the next one.
pub(crate) fn is_of_exporter(target: &str) -> bool {
    ["hyper", "reqwest", "opentelemetry", "h2"]
        .iter()
        .any(|name| target.starts_with(name))
}
