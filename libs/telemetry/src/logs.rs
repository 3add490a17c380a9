//! How logs are written.

mod access;
mod control;
mod json;
mod lines;
mod repetition;
#[cfg(test)]
mod tests;

use std::io::{IsTerminal as _, stderr};

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt as _, ParseError, filter_fn},
    fmt::format::{Format, JsonFields},
    registry::LookupSpan,
    reload,
};

use crate::{LogFormat, TelemetryConfig};

pub(crate) use access::{Ends, router};
pub use control::{LogControl, LogControlError, log_control};
use json::Json;
use lines::Lines;

/// Libraries that tell what we tell ourselves, in better words, or what is nobody's business: every message of a `WebSocket`. Who names one of them in `RUST_LOG` hears it.
const QUIET: &str = "fred=error,twilight_http=warn,twilight_http_ratelimiting=warn,tungstenite=warn,tokio_tungstenite=warn";

/// Writes to standard error what the filter lets through; the filter can be changed through the control.
pub(crate) fn layer<S>(
    config: &TelemetryConfig,
    service: &'static str,
) -> (impl Layer<S> + use<S>, LogControl)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let filter = filter(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let (filter, handle) = reload::Layer::new(filter);
    let format = tracing_subscriber::fmt::layer().with_writer(stderr);
    let logs = match config.log_format {
        LogFormat::Json => format
            .fmt_fields(JsonFields::new())
            .event_format(Lines::new(Json { service }))
            .with_ansi(false)
            .boxed(),
        LogFormat::Pretty => {
            let lines = Lines::new(Format::default().with_target(false));
            let format = format.event_format(lines);
            // In a file or a pipe colours are noise; at a terminal NO_COLOR decides.
            if stderr().is_terminal() {
                format.boxed()
            } else {
                format.with_ansi(false).boxed()
            }
        }
    };
    let logs = logs.with_filter(filter.and(filter_fn(|metadata| !shows_bytes(metadata))));
    let control = LogControl::new(&config.filter, move |filter| handle.reload(filter));
    (logs, control)
}

/// A filter as it is written in `RUST_LOG`, behind what quietens others.
fn filter(written: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(format!("{QUIET},{written}"))
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
