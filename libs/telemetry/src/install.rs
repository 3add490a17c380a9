use std::time::Duration;

use opentelemetry::{KeyValue, global, trace::TracerProvider as _};
use opentelemetry_otlp::{Protocol, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tracing::{Level, Metadata, warn};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{FilterExt as _, filter_fn},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::{LogFormat, TelemetryConfig};

/// Spans that wait for the exporter; more are dropped, so that a collector that is away costs nothing else.
const SPAN_QUEUE: usize = 4096;
/// How long one export, and the last one at the end, may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// Libraries that tell what we tell ourselves, in better words, or what is nobody's business: every message of a `WebSocket`. Who names one of them in `RUST_LOG` hears it.
const QUIET: &str = "fred=error,twilight_http=warn,twilight_http_ratelimiting=warn,tungstenite=warn,tokio_tungstenite=warn";

/// Why telemetry could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The exporter of traces does not take the endpoint.
    #[error("traces can't be exported: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// It was installed before.
    #[error("logging is installed already: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Telemetry of a process, from [`install`] to [`Telemetry::shutdown`].
#[derive(Debug)]
#[must_use = "call shutdown at the end, so that the last spans leave"]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends what is left. Blocks for at most a few seconds.
    pub async fn shutdown(self) {
        let Some(provider) = self.provider else {
            return;
        };
        let ended =
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(EXPORT_TIMEOUT))
                .await;
        if let Ok(Err(error)) = ended {
            warn!(%error, "the last traces could not be exported");
        }
    }
}

/// Installs logging and, where configured, traces for this process under a service's name.
pub fn install(config: &TelemetryConfig, service: &'static str) -> Result<Telemetry, InstallError> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let provider = config
        .otlp_endpoint
        .as_deref()
        .map(|endpoint| provider(config, endpoint, service))
        .transpose()?;
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("fanfare"))
            .with_location(false)
            .with_threads(false)
            .with_filter(filter_fn(|metadata| !is_of_exporter(metadata.target())))
    });
    let filter = format!("{QUIET},{}", config.filter);
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let format = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let logs = match config.log_format {
        LogFormat::Json => format
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
        LogFormat::Pretty => format.with_target(false).boxed(),
    };
    tracing_subscriber::registry()
        .with(traces)
        .with(logs.with_filter(filter.and(filter_fn(|metadata| !shows_bytes(metadata)))))
        .try_init()?;
    Ok(Telemetry { provider })
}

fn provider(
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

/// At trace level these libraries write whole frames and headers: tokens and texts. No filter of the user's brings them back.
fn shows_bytes(metadata: &Metadata<'_>) -> bool {
    *metadata.level() == Level::TRACE
        && [
            "tungstenite",
            "tokio_tungstenite",
            "hyper",
            "h2",
            "reqwest",
            "fred",
            "rustls",
            "twilight",
        ]
        .iter()
        .any(|name| metadata.target().starts_with(name))
}

/// The exporter's own traffic must not be traced, or each export would make the next one.
fn is_of_exporter(target: &str) -> bool {
    ["hyper", "reqwest", "opentelemetry", "h2"]
        .iter()
        .any(|name| target.starts_with(name))
}
