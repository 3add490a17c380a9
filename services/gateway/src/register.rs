//! Tells the other parts of the deployment that this gateway is there.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use gateway_registry::{GatewayRecord, GatewayRegistry};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::board::Board;

/// How often it is said.
const EVERY: Duration = Duration::from_secs(3);
/// How long it holds: three announcements may fail.
const TTL: Duration = Duration::from_secs(10);
/// How long one announcement, and the withdrawal, may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Announces this instance.
pub(crate) struct Register {
    registry: Arc<dyn GatewayRegistry>,
    board: Arc<Board>,
    instance: String,
    link_url: Option<String>,
    started_at: u64,
}

impl Register {
    pub(crate) fn new(
        registry: Arc<dyn GatewayRegistry>,
        instance: String,
        board: Arc<Board>,
        link_url: Option<String>,
    ) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            registry,
            board,
            instance,
            link_url,
            started_at: now.as_millis() as u64,
        }
    }

    /// Announces until the drain, then withdraws.
    pub(crate) async fn run(self, drain: CancellationToken) -> Result<(), Infallible> {
        let mut every = interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = drain.cancelled() => break,
            }
            let record = self.record();
            let announced = timeout(PATIENCE, self.registry.announce(&record, TTL)).await;
            let error = match announced {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("no answer in time".to_owned()),
            };
            match error {
                Some(error) if !failing => {
                    warn!(
                        component = "Gateway",
                        error, "the gateway can't be announced"
                    );
                    failing = true;
                }
                None if failing => {
                    info!(component = "Gateway", "the gateway is announced again");
                    failing = false;
                }
                _ => {}
            }
        }
        match timeout(PATIENCE, self.registry.withdraw(&self.instance)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                warn!(component = "Gateway", %error, "the gateway stays announced until it expires");
            }
            Err(_) => warn!(
                component = "Gateway",
                "the gateway stays announced until it expires"
            ),
        }
        Ok(())
    }

    fn record(&self) -> GatewayRecord {
        GatewayRecord {
            instance: self.instance.clone(),
            shards: self.board.records(),
            link_url: self.link_url.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            heartbeat_at: 0,
        }
    }
}
