use tokio::signal::unix::{SignalKind, signal};
use tracing::error;

/// Resolves at the next SIGTERM or SIGINT.
pub async fn terminated() {
    let (term, int) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    );
    let (Ok(mut term), Ok(mut int)) = (term, int) else {
        error!("signals can't be received; only a kill will end this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
