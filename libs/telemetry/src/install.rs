use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::warn;
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{
    TelemetryConfig, logs,
    provider::{self, EXPORT_TIMEOUT, provider},
};

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
    let provider = config
        .otlp_endpoint
        .as_deref()
        .map(|endpoint| provider(config, endpoint, service))
        .transpose()?;
    let traces = provider.as_ref().map(provider::layer);
    let (logs, control) = logs::layer(config, service);
    tracing_subscriber::registry()
        .with(traces)
        .with(logs)
        .try_init()?;
    control.install();
    Ok(Telemetry { provider })
}
