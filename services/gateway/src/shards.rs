//! Finds out how many shards there are, and runs each with its line to the bus.

use std::{sync::Arc, time::Duration};

use discord::{
    ConnectionState, Dispatch, Fatal, GatewayBot, IdentifyLimiter, LocalIdentifyLimiter, Rest,
    RestError, Shard, ShardConfig, ShardId, ShardStatus,
};
use event_bus::{BusError, EventBus};
use lifecycle::{CancellationToken, Lifecycle};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use crate::{
    board::Board,
    config::Config,
    metrics::Metrics,
    names::Names,
    normalize::Rules,
    outage::Outage,
    pipeline::{CHANGE_QUEUE, DISPATCH_QUEUE, Pipeline},
    publisher::Publisher,
    state::Guilds,
};

/// The longest wait between two questions to Discord's REST while it is away.
const LONGEST_WAIT: Duration = Duration::from_secs(16);

/// Above this many members Discord leaves those offline out of a guild; the largest it allows.
const LARGE_THRESHOLD: u16 = 250;

/// Why the shards can't be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShardsError {
    #[error(
        "Discord refuses the bot's token: set DISCORD_BOT_TOKEN to the token of the developer portal (Bot, Reset Token)"
    )]
    Token,
    #[error("Discord does not say how to connect: {0}")]
    Refused(RestError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error(transparent)]
    Fatal(#[from] Fatal),
}

/// What running the shards takes.
#[derive(Clone)]
pub(crate) struct Shards {
    pub(crate) config: Arc<Config>,
    pub(crate) rest: Arc<Rest>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) board: Arc<Board>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) lifecycle: Lifecycle,
}

impl Shards {
    /// Starts all shards and stays until the drain.
    pub(crate) async fn run(self) -> Result<(), ShardsError> {
        let drain = self.lifecycle.drain();
        let told = tokio::select! {
            told = self.ask_discord() => told.inspect_err(|error| self.board.trouble(Some(error.to_string())))?,
            () = drain.cancelled() => return Ok(()),
        };
        let count = self.config.shard_count.unwrap_or(told.shards).max(1);
        let limit = told.session_start_limit;
        info!(
            component = "Gateway",
            shards = count,
            recommended = told.shards,
            session_starts_left = limit.remaining,
            max_concurrency = limit.max_concurrency,
            "Starting shards"
        );
        let limiter: Arc<dyn IdentifyLimiter> = Arc::new(LocalIdentifyLimiter::new(&limit));
        let url = self.config.gateway_url.clone().unwrap_or(told.url);
        let shards: Vec<(ShardId, Shard)> = (0..count)
            .map(|id| ShardId { id, count })
            .map(|shard| (shard, self.shard(shard, &url, &limiter)))
            .collect();
        let statuses = shards
            .iter()
            .map(|(id, shard)| (*id, shard.status()))
            .collect();
        self.board.post(statuses);
        for (id, shard) in shards {
            self.lifecycle.track(watch_status(
                id,
                shard.status(),
                Arc::clone(&self.metrics),
                drain.clone(),
            ));
            let line = self.clone();
            self.lifecycle
                .supervise("shard", async move { line.line(id, shard).await });
        }
        self.lifecycle
            .track(announce_start(self.board.clone(), drain.clone()));
        drain.cancelled().await;
        Ok(())
    }

    fn shard(&self, shard: ShardId, url: &str, limiter: &Arc<dyn IdentifyLimiter>) -> Shard {
        let config = ShardConfig {
            large_threshold: LARGE_THRESHOLD,
            observer: Arc::clone(&self.metrics) as Arc<dyn discord::Observer>,
            ..ShardConfig::new(
                self.config.token.clone(),
                self.config.intents,
                shard,
                url.to_owned(),
                Arc::clone(limiter),
            )
        };
        Shard::new(config, None)
    }

    /// Loads what is stored of a shard's guilds, then runs its line: shard, pipeline, publisher.
    async fn line(self, id: ShardId, shard: Shard) -> Result<(), ShardsError> {
        let drain = self.lifecycle.drain();
        let loaded = tokio::select! {
            loaded = self.load(id) => loaded?,
            () = drain.cancelled() => return Ok(()),
        };
        self.metrics.guilds(id, loaded.len());
        let guilds = Arc::new(Mutex::new(loaded));
        let (dispatches, to_pipeline) = mpsc::channel::<Dispatch>(DISPATCH_QUEUE);
        // Held until the drain has begun, so that the rest of the line ends after it and not by surprise.
        let _open = dispatches.clone();
        let (changes, to_publisher) = mpsc::channel(CHANGE_QUEUE);
        let pipeline = Pipeline {
            shard: id,
            dispatches: to_pipeline,
            changes,
            guilds: Arc::clone(&guilds),
            names: Names::new(self.rest.clone(), Arc::clone(&self.metrics)),
            rules: Arc::clone(&self.rules),
            bus: Arc::clone(&self.bus),
            metrics: Arc::clone(&self.metrics),
            drain: drain.clone(),
        };
        let publisher = Publisher::new(
            id,
            Arc::clone(&self.bus),
            to_publisher,
            guilds,
            self.metrics.clone(),
        );
        self.lifecycle.supervise("pipeline", pipeline.run());
        self.lifecycle.supervise("publisher", publisher.run());
        match shard.run(dispatches, drain).await {
            Ok(_session) => Ok(()),
            Err(fatal) => {
                self.board.trouble(Some(fatal.to_string()));
                self.lifecycle.begin_drain();
                Err(fatal.into())
            }
        }
    }

    async fn load(&self, id: ShardId) -> Result<Guilds, BusError> {
        let mut outage = Outage::new("the stored guilds can't be read");
        loop {
            match Guilds::load(self.bus.as_ref(), id).await {
                Ok(guilds) => {
                    outage.over();
                    info!(component = "Gateway", shard = %id, guilds = guilds.len(), "Stored guilds loaded");
                    return Ok(guilds);
                }
                Err(error @ BusError::Closed) => return Err(error),
                Err(error) => outage.wait(&error).await,
            }
        }
    }

    /// `GET /gateway/bot`, again and again while Discord is away.
    async fn ask_discord(&self) -> Result<GatewayBot, ShardsError> {
        let mut outage = Outage::new("Discord can't be asked how to connect").longest(LONGEST_WAIT);
        loop {
            match self.rest.gateway_bot().await {
                Ok(told) => {
                    outage.over();
                    self.board.trouble(None);
                    return Ok(told);
                }
                Err(RestError::Unauthorized) => return Err(ShardsError::Token),
                Err(error @ (RestError::Unavailable(_) | RestError::RateLimited { .. })) => {
                    self.board.trouble(Some(format!(
                        "Discord can't be asked how to connect: {error}"
                    )));
                    outage.wait(&error).await;
                }
                Err(error) => return Err(ShardsError::Refused(error)),
            }
        }
    }
}

/// Keeps the gauges of a shard current.
async fn watch_status(
    shard: ShardId,
    mut status: watch::Receiver<ShardStatus>,
    metrics: Arc<Metrics>,
    drain: CancellationToken,
) {
    loop {
        metrics.status(shard, &status.borrow_and_update());
        tokio::select! {
            changed = status.changed() => if changed.is_err() { return },
            () = drain.cancelled() => return,
        }
    }
}

/// Says once that every shard is connected.
async fn announce_start(board: Arc<Board>, drain: CancellationToken) {
    for (shard, mut status) in board.receivers() {
        tokio::select! {
            biased;
            connected = status.wait_for(|status| status.state == ConnectionState::Connected) => {
                if connected.is_err() {
                    warn!(component = "Gateway", %shard, "A shard ended before it was connected");
                    return;
                }
            }
            () = drain.cancelled() => return,
        }
    }
    info!(
        component = "Gateway",
        "Discord Gateway initialized successfully"
    );
}
