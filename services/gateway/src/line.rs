//! One held shard from take-over to hand-over: fence, load, resume, publish, flush, release.

use std::{convert::Infallible, sync::Arc};

use discord::{
    ConnectionState, Dispatch, Fatal, Rest, Session, Shard, ShardConfig, ShardId, ShardStatus,
};
use event_bus::{BusError, EventBus};
use gateway_registry::StoredSession;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    behalf::Behalves,
    board::Board,
    commands::Directory,
    holding::{Holding, Kept},
    mend::Mend,
    metrics::Metrics,
    names::Names,
    normalize::Rules,
    outage::Outage,
    pipeline::{CHANGE_QUEUE, DISPATCH_QUEUE, Pipeline},
    publisher::{PublishError, Publisher},
    state::Guilds,
};

/// Above this many members Discord leaves those offline out of a guild; the largest it allows.
const LARGE_THRESHOLD: u16 = 250;

/// Why a shard is no longer held.
#[derive(Debug)]
pub(crate) enum LineEnd {
    /// Flushed, stored, released: whoever is next resumes at once.
    Released,
    /// Another instance has taken over.
    Lost,
    /// Discord refuses the shard for good.
    Fatal(Fatal),
    /// The bus was closed: the process ends.
    Bus(BusError),
}

impl From<PublishError> for LineEnd {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Lost(_) => Self::Lost,
            PublishError::Bus(error) => Self::Bus(error),
        }
    }
}

/// What a line is made of.
pub(crate) struct Line {
    pub(crate) shard: ShardId,
    pub(crate) holding: Arc<Holding>,
    /// The session that the owner before had.
    pub(crate) stored: Option<StoredSession>,
    /// What the shard connects with; token, intents and address.
    pub(crate) config: ShardConfig,
    pub(crate) rest: Arc<Rest>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) board: Arc<Board>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) behalves: Behalves,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) rules: Arc<Rules>,
    /// Cancelled when the shard is to be given back.
    pub(crate) end: CancellationToken,
}

impl Line {
    /// Runs until `end`, or until the shard is lost or refused.
    pub(crate) async fn run(self) -> LineEnd {
        let (holding, done) = (Arc::clone(&self.holding), CancellationToken::new());
        let (shard, metrics, board, directory, end) = (
            self.shard,
            Arc::clone(&self.metrics),
            Arc::clone(&self.board),
            Arc::clone(&self.directory),
            self.end.clone(),
        );
        let work = async {
            let outcome = Box::pin(self.work()).await;
            directory.remove(shard);
            done.cancel();
            outcome
        };
        let recount = || {
            if !end.is_cancelled() {
                info!(component = "Gateway", %shard, "Shards are counted anew; this one is given back");
                end.cancel();
            }
        };
        let (outcome, kept) = tokio::join!(work, holding.keep(&done, &metrics, recount));
        board.remove(shard);
        metrics.given_up(shard);
        if kept == Kept::Lost || matches!(outcome, Err(LineEnd::Lost)) {
            warn!(component = "Gateway", %shard, "The shard is another instance's now; this one has let go of it");
            metrics.lease_lost(shard);
            return LineEnd::Lost;
        }
        holding.release().await;
        info!(component = "Gateway", %shard, "The shard is released");
        outcome.err().unwrap_or(LineEnd::Released)
    }

    /// Fence, load, resume; then everything flows until the end, and what is under way is flushed.
    async fn work(self) -> Result<(), LineEnd> {
        let Some(guilds) = self.take_over().await? else {
            return Ok(());
        };
        let guilds = Arc::new(Mutex::new(guilds));
        let shard = Shard::new(self.shard_config(), self.stored.as_ref().map(resumable));
        let status = shard.status();
        self.board.add(self.shard, status.clone());
        self.directory
            .add(self.shard, Arc::clone(&guilds), status.clone());
        let (dispatches, to_pipeline) = mpsc::channel::<Dispatch>(DISPATCH_QUEUE);
        let (steps, to_publisher) = mpsc::channel(CHANGE_QUEUE);
        let pipeline = Pipeline {
            shard: self.shard,
            dispatches: to_pipeline,
            steps,
            guilds: Arc::clone(&guilds),
            names: Names::new(self.rest.clone(), Arc::clone(&self.metrics)),
            rules: Arc::clone(&self.rules),
            behalves: self.behalves.clone(),
            holding: Arc::clone(&self.holding),
            mend: Mend::new(
                self.rest.clone(),
                Arc::clone(&self.bus),
                Arc::clone(&self.metrics),
            ),
            session: self.stored,
            metrics: Arc::clone(&self.metrics),
            end: self.end.clone(),
        };
        let publisher = Publisher::new(
            self.shard,
            Arc::clone(&self.bus),
            to_publisher,
            guilds,
            Arc::clone(&self.holding),
            Arc::clone(&self.metrics),
        );
        let leave = self.end.child_token();
        let session = async {
            tokio::select! {
                biased;
                outcome = shard.run(dispatches, leave.clone()) => outcome,
                never = show_status(self.shard, status, &self.metrics) => match never {},
            }
        };
        let letting_go = async {
            self.holding.lost().await;
            leave.cancel();
            std::future::pending::<Infallible>().await
        };
        let flow = async { tokio::join!(session, pipeline.run(), publisher.run()) };
        let (session, generation, published) = tokio::select! {
            ended = flow => ended,
            never = letting_go => match never {},
        };
        published?;
        let session = session.map_err(|fatal| {
            self.board.trouble(Some(fatal.to_string()));
            LineEnd::Fatal(fatal)
        })?;
        if let (Some(session), Some(generation)) = (session, generation) {
            // Everything that was handed over is published; what came on top is of no interest.
            self.holding.progressed(generation, session.seq);
        }
        Ok(())
    }

    /// From here on the former owner publishes nothing, so what is loaded is the latest there is.
    /// `None` = the end came first.
    async fn take_over(&self) -> Result<Option<Guilds>, LineEnd> {
        let mut outage = Outage::new("a shard can't be taken over");
        loop {
            self.holding.held().await.map_err(|_| LineEnd::Lost)?;
            let taken = async {
                self.bus.fence(self.holding.fence()).await?;
                Guilds::load(self.bus.as_ref(), self.shard).await
            };
            let taken = tokio::select! {
                taken = taken => taken,
                () = self.end.cancelled() => return Ok(None),
            };
            match taken {
                Ok(guilds) => {
                    outage.over();
                    self.metrics.guilds(self.shard, guilds.len());
                    info!(component = "Gateway", shard = %self.shard, guilds = guilds.len(), "Stored guilds loaded");
                    return Ok(Some(guilds));
                }
                Err(BusError::Fenced) => {
                    self.holding.lose();
                    return Err(LineEnd::Lost);
                }
                Err(error @ BusError::Closed) => return Err(LineEnd::Bus(error)),
                Err(error) => {
                    tokio::select! {
                        () = outage.wait(&error) => {}
                        () = self.end.cancelled() => return Ok(None),
                    }
                }
            }
        }
    }

    fn shard_config(&self) -> ShardConfig {
        ShardConfig {
            large_threshold: LARGE_THRESHOLD,
            observer: Arc::clone(&self.metrics) as Arc<dyn discord::Observer>,
            gate: self.holding.gate(),
            watermark: Some(self.holding.watermark()),
            ..self.config.clone()
        }
    }
}

/// What the next owner needs of a stored session.
fn resumable(stored: &StoredSession) -> Session {
    Session {
        id: stored.id.clone(),
        resume_url: stored.resume_url.clone(),
        seq: stored.seq,
    }
}

/// Keeps the gauges of a shard current, for as long as it runs.
async fn show_status(
    shard: ShardId,
    mut status: watch::Receiver<ShardStatus>,
    metrics: &Metrics,
) -> Infallible {
    let mut connected = false;
    loop {
        let state = {
            let status = status.borrow_and_update();
            metrics.status(shard, &status);
            status.state
        };
        if state == ConnectionState::Connected && !std::mem::replace(&mut connected, true) {
            info!(component = "Gateway", %shard, "Discord Gateway initialized successfully");
        }
        if status.changed().await.is_err() {
            std::future::pending::<Infallible>().await;
        }
    }
}
