//! The straight line of one shard: dispatch → names → normalize → queue of the publisher.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use discord::{Dispatch, Event, ShardId};
use event_bus::{BusError, Change, EventBus};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, debug, info_span};

use crate::{
    metrics::Metrics,
    names::{Names, wanted},
    normalize::{Context, Rules, normalize},
    outage::Outage,
    state::Guilds,
};

/// Dispatches between a shard and its pipeline. When it is full the shard stops reading, closes
/// with 4000 and resumes from the last one accepted: nothing is lost.
pub(crate) const DISPATCH_QUEUE: usize = 1_024;

/// Changes that wait for the bus. When it is full the pipeline waits, and the above follows.
pub(crate) const CHANGE_QUEUE: usize = 4_096;

/// The guilds of a shard, shared by its pipeline, which moves them on, and its publisher, which
/// writes one whole where the store lost track. Locked for the length of one dispatch.
pub(crate) type SharedGuilds = Arc<Mutex<Guilds>>;

/// A change that waits for the bus.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) change: Change,
    /// Unix ms when its dispatch came.
    pub(crate) received_at: u64,
}

/// Turns the dispatches of one shard into changes.
pub(crate) struct Pipeline {
    pub(crate) shard: ShardId,
    pub(crate) dispatches: mpsc::Receiver<Dispatch>,
    pub(crate) changes: mpsc::Sender<Queued>,
    pub(crate) guilds: SharedGuilds,
    pub(crate) names: Names,
    pub(crate) rules: Arc<Rules>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) drain: CancellationToken,
}

impl Pipeline {
    /// Runs until the shard has ended and everything it handed over is queued.
    pub(crate) async fn run(mut self) -> Result<(), BusError> {
        let mut generation = 0;
        while let Some(dispatch) = self.dispatches.recv().await {
            if matches!(dispatch.event, Event::Ready(_)) {
                let Some(drawn) = self.draw_generation().await? else {
                    return Ok(());
                };
                generation = drawn;
            }
            let span = info_span!("dispatch", kind = dispatch.event.name(), seq = dispatch.seq);
            let changes = self.changes(&dispatch, generation).instrument(span).await;
            for change in changes {
                let queued = Queued {
                    change,
                    received_at: dispatch.received_at,
                };
                if self.changes.send(queued).await.is_err() {
                    return Err(BusError::Closed);
                }
            }
        }
        Ok(())
    }

    async fn changes(&mut self, dispatch: &Dispatch, generation: u64) -> Vec<Change> {
        debug!(
            component = "Gateway",
            shard = %self.shard,
            kind = dispatch.event.name(),
            seq = dispatch.seq,
            guild = dispatch.event.guild_id().map(contracts::GuildId::get),
            "Event received"
        );
        let wanted = wanted(dispatch, &self.guilds.lock());
        let names = match wanted.filter(|(guild, _)| self.rules.serves(*guild)) {
            Some((guild, users)) => self.names.ask(guild, users).await,
            None => BTreeMap::new(),
        };
        let trace = telemetry::current_traceparent();
        let context = Context {
            rules: &self.rules,
            names: &names,
            generation,
            trace: trace.as_deref(),
        };
        let mut guilds = self.guilds.lock();
        let changes = normalize(dispatch, &mut guilds, context);
        self.metrics.guilds(self.shard, guilds.len());
        changes
    }

    /// The number of a new Discord session; `None` if the gateway is stopping first.
    async fn draw_generation(&self) -> Result<Option<u64>, BusError> {
        let mut outage = Outage::new("a generation can't be drawn");
        loop {
            let drawn = tokio::select! {
                drawn = self.bus.draw_epoch() => drawn,
                () = self.drain.cancelled() => return Ok(None),
            };
            match drawn {
                Ok(generation) => {
                    outage.over();
                    return Ok(Some(generation));
                }
                Err(error @ BusError::Closed) => return Err(error),
                Err(error) => {
                    tokio::select! {
                        () = outage.wait(&error) => {}
                        () = self.drain.cancelled() => return Ok(None),
                    }
                }
            }
        }
    }
}

/// How long ago a Unix time in milliseconds was, by the wall clock.
pub(crate) fn since(received_at: u64) -> Duration {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default()
        .saturating_sub(Duration::from_millis(received_at))
}
