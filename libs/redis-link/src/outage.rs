//! Keeps one client connected and tells of its outages, once each.

use std::time::{Duration, Instant};

use fred::prelude::{Client, ClientLike, EventInterface};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use crate::{Role, metrics::Connection};

/// The pause after a failure that the client itself does not retry (a refused password, a lost Sentinel).
const REVIVE_AFTER: Duration = Duration::from_secs(1);

/// Drives the connection of `client` until it is aborted.
pub(crate) async fn drive(client: Client, role: Role, mut counted: Connection) {
    let mut errors = client.error_rx();
    let mut connects = client.reconnect_rx();
    let mut connection = AbortOnDropHandle::new(client.connect());
    let mut down: Option<Instant> = None;
    loop {
        tokio::select! {
            biased;
            error = errors.recv() => match error {
                Ok((error, _)) => report(&mut down, role, &error, &mut counted),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => errors = client.error_rx(),
            },
            connected = connects.recv() => match connected {
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    counted.up();
                    if let Some(since) = down.take() {
                        info!(
                            component = "Internal",
                            connection = role.name(),
                            outage_ms = since.elapsed().as_millis() as u64,
                            "Redis answers again"
                        );
                    }
                }
                Err(RecvError::Closed) => connects = client.reconnect_rx(),
            },
            ended = &mut connection => {
                if let Ok(Err(error)) = ended {
                    report(&mut down, role, &error, &mut counted);
                }
                tokio::time::sleep(REVIVE_AFTER).await;
                connection = AbortOnDropHandle::new(client.connect());
            }
        }
    }
}

/// The first failure of an outage is told; those after it say nothing new.
fn report(
    down: &mut Option<Instant>,
    role: Role,
    error: &fred::error::Error,
    counted: &mut Connection,
) {
    if down.is_none() {
        counted.down();
        *down = Some(Instant::now());
        warn!(
            component = "Internal",
            connection = role.name(),
            kind = error.kind().to_str(),
            %error,
            "Redis is away; connecting again until it answers"
        );
    }
}
