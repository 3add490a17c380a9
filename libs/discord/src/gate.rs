//! The owner's word on whether a shard may begin or resume a session.

use std::future::pending;

use tokio::sync::watch;

/// Returns once the gate is open; never where its owner is gone and left it closed.
pub(crate) async fn opened(gate: &mut watch::Receiver<bool>) {
    becomes(gate, true).await;
}

/// Returns once the gate is closed; never where its owner is gone and left it open.
pub(crate) async fn closed(gate: &mut watch::Receiver<bool>) {
    becomes(gate, false).await;
}

async fn becomes(gate: &mut watch::Receiver<bool>, state: bool) {
    if gate.wait_for(|open| *open == state).await.is_err() {
        pending::<()>().await;
    }
}
