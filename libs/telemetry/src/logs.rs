//! How logs are written.

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt as _, filter_fn},
    registry::LookupSpan,
};

use crate::{LogFormat, TelemetryConfig};

/// Libraries that tell what we tell ourselves, in better words, or what is nobody's business: every message of a `WebSocket`. Who names one of them in `RUST_LOG` hears it.
const QUIET: &str = "fred=error,twilight_http=warn,twilight_http_ratelimiting=warn,tungstenite=warn,tokio_tungstenite=warn";

/// Writes to standard error what the filter lets through.
pub(crate) fn layer<S>(config: &TelemetryConfig) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
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
    logs.with_filter(filter.and(filter_fn(|metadata| !shows_bytes(metadata))))
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
