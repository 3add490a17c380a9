use std::{
    convert::Infallible,
    future::pending,
    io::{IsTerminal as _, stderr},
};

use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

/// At each SIGHUP the logs go from the configured filter to debug, or back. At a terminal a SIGHUP means that the terminal is closed, and
/// ends the process as ever.
pub(crate) async fn change_logs() -> Infallible {
    if stderr().is_terminal() {
        return pending().await;
    }
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => {
            warn!(component = "Internal", %error, "SIGHUP can't be received: it ends this process");
            return pending().await;
        }
    };
    while hangups.recv().await.is_some() {
        let changed = telemetry::log_control().map(telemetry::LogControl::toggle);
        if let Some(Err(error)) = changed {
            warn!(component = "Internal", %error, "the filter of the logs stays");
        }
    }
    pending().await
}
