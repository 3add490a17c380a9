//! The last step of a shard's line: whatever waits goes to the bus in batches, several under way at
//! a time, in order, until the bus has it.

mod heal;
mod history;

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use contracts::GuildId;
use discord::ShardId;
use event_bus::{Batch, BusError, Change, EventBus, Outcome, Position};
use futures_util::{StreamExt as _, stream::FuturesOrdered};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at},
};
use tracing::{Instrument as _, Span, debug};

use crate::{
    holding::{Holding, Lost},
    metrics::Metrics,
    outage::Outage,
    pipeline::{Queued, SharedGuilds, Step, since},
    trace,
};
use history::{History, weight};

/// Batches under way at a time: a round trip to the bus costs none of its throughput.
const FLIGHTS: usize = 4;

/// State operations and entries of one batch, roughly: a batch is one step of the bus, and others
/// wait while it takes it. A single change may be larger and then goes alone.
const BATCH_WEIGHT: usize = 2_000;

/// Steps that are taken from the queue at once.
const STEPS: usize = 2 * Batch::LIMIT;

/// How often the store is asked whether it still has what it was given: one that loses data while
/// nothing happens would be without it until something does.
const AUDIT_EVERY: Duration = Duration::from_secs(15);

/// Why a publisher stopped before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    #[error(transparent)]
    Lost(#[from] Lost),
    #[error(transparent)]
    Bus(BusError),
}

/// How far the shard's session is published once everything before is.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    through: Option<(u64, u64)>,
    mended: Option<u64>,
}

/// A batch under way.
struct Flight {
    batch: Batch,
    /// Unix ms when the dispatch of each change came, and its part of a trace.
    received: Vec<(u64, Span)>,
    mark: Mark,
    began: Instant,
}

type Landing = Pin<Box<dyn Future<Output = (Flight, Result<Vec<Outcome>, BusError>)> + Send>>;

/// Publishes the changes of one shard.
pub(crate) struct Publisher {
    shard: ShardId,
    bus: Arc<dyn EventBus>,
    steps: mpsc::Receiver<Step>,
    guilds: SharedGuilds,
    holding: Arc<Holding>,
    metrics: Arc<Metrics>,
    outage: Outage,
    flights: FuturesOrdered<Landing>,
    history: History,
    /// Guilds that were written whole as of a position that queued changes have yet to pass: those
    /// up to it are contained in what was written.
    superseded: HashMap<GuildId, Position>,
    /// Guilds that the store lost track of and that the bot has left meanwhile: of what is queued
    /// only the removal counts, and it builds on this stored position.
    orphaned: HashMap<GuildId, Option<Position>>,
    /// A guild was missing in the store: others may be, too.
    audit_due: bool,
}

impl Publisher {
    pub(crate) fn new(
        shard: ShardId,
        bus: Arc<dyn EventBus>,
        steps: mpsc::Receiver<Step>,
        guilds: SharedGuilds,
        holding: Arc<Holding>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            shard,
            bus,
            steps,
            guilds,
            holding,
            metrics,
            outage: Outage::new("changes can't be published"),
            flights: FuturesOrdered::new(),
            history: History::default(),
            superseded: HashMap::new(),
            orphaned: HashMap::new(),
            audit_due: false,
        }
    }

    /// Runs until the pipeline has ended and everything that was queued is published.
    pub(crate) async fn run(mut self) -> Result<(), PublishError> {
        let mut taken = Vec::with_capacity(STEPS);
        let mut audit = interval_at(Instant::now() + AUDIT_EVERY, AUDIT_EVERY);
        audit.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut open = true;
        while open || !self.flights.is_empty() {
            let idle = self.flights.is_empty();
            tokio::select! {
                biased;
                landed = self.flights.next(), if !idle => {
                    if let Some((flight, answer)) = landed {
                        self.land(flight, answer).await?;
                    }
                }
                count = self.steps.recv_many(&mut taken, STEPS),
                    if open && self.flights.len() < FLIGHTS =>
                {
                    open = count > 0;
                    self.metrics.waiting(self.shard, self.steps.len() + count);
                    self.take_off(std::mem::take(&mut taken)).await?;
                }
                _ = audit.tick(), if idle => self.audit().await?,
            }
            if self.audit_due && self.flights.is_empty() {
                self.audit_due = false;
                self.audit().await?;
            }
        }
        Ok(())
    }

    /// Sends what was taken on its way, in batches.
    async fn take_off(&mut self, taken: Vec<Step>) -> Result<(), PublishError> {
        let (mut queued, mut heavy, mut mark) = (Vec::new(), 0, Mark::default());
        for step in taken {
            match step {
                Step::Change(next) => {
                    let Some(next) = self.admit(next) else {
                        continue;
                    };
                    heavy += weight(&next.change);
                    let full = heavy > BATCH_WEIGHT || queued.len() == Batch::LIMIT;
                    if full && !queued.is_empty() {
                        heavy = weight(&next.change);
                        self.depart(std::mem::take(&mut queued), std::mem::take(&mut mark))
                            .await?;
                    }
                    queued.push(next);
                }
                Step::Through { generation, seq } => mark.through = Some((generation, seq)),
                Step::Mended { generation } => mark.mended = Some(generation),
            }
        }
        self.depart(queued, mark).await
    }

    async fn depart(&mut self, queued: Vec<Queued>, mark: Mark) -> Result<(), PublishError> {
        if queued.is_empty() && self.flights.is_empty() {
            self.reached(mark);
            return Ok(());
        }
        self.holding.held().await?;
        let bus = Arc::clone(&self.bus);
        let span = trace::flight(queued.iter().map(|queued| &queued.span));
        let (changes, received) = queued
            .into_iter()
            .map(|queued| (queued.change, (queued.received_at, queued.span)))
            .unzip();
        let flight = Flight {
            batch: self.batch(changes),
            received,
            mark,
            began: Instant::now(),
        };
        let flying = async move {
            let answer = if flight.batch.changes.is_empty() {
                Ok(Vec::new())
            } else {
                bus.publish(&flight.batch).await
            };
            (flight, answer)
        };
        self.flights.push_back(Box::pin(flying.instrument(span)));
        Ok(())
    }

    fn batch(&self, changes: Vec<Change>) -> Batch {
        Batch {
            fence: Some(self.holding.fence()),
            changes,
        }
    }

    /// A batch has its answer. When it is not the one that was hoped for, everything that is under
    /// way comes down first, and what did not arrive is published again, one batch at a time.
    async fn land(
        &mut self,
        flight: Flight,
        answer: Result<Vec<Outcome>, BusError>,
    ) -> Result<(), PublishError> {
        let mut mark = flight.mark;
        let mut failed = answer.is_err();
        let mut again = self.settle(flight, answer)?;
        if !again.is_empty() {
            while let Some((flight, answer)) = self.flights.next().await {
                mark = Mark {
                    through: flight.mark.through.or(mark.through),
                    mended: flight.mark.mended.or(mark.mended),
                };
                failed |= answer.is_err();
                again.extend(self.settle(flight, answer)?);
            }
            if failed {
                self.retell().await?;
            }
            self.publish(again).await?;
        }
        self.reached(mark);
        Ok(())
    }

    /// Takes note of what arrived; returns what did not.
    fn settle(
        &mut self,
        flight: Flight,
        answer: Result<Vec<Outcome>, BusError>,
    ) -> Result<Vec<Queued>, PublishError> {
        self.metrics.batch(flight.began.elapsed());
        let queued = flight.batch.changes.into_iter().zip(flight.received);
        let queued = queued.map(|(change, (received_at, span))| Queued {
            change,
            received_at,
            span,
        });
        let outcomes = match answer {
            Ok(outcomes) => outcomes,
            Err(BusError::Closed) => return Err(PublishError::Bus(BusError::Closed)),
            Err(BusError::Fenced) => {
                self.holding.lose();
                return Err(Lost.into());
            }
            Err(_) => {
                self.metrics.retry("unavailable");
                return Ok(queued.collect());
            }
        };
        let outcomes = outcomes
            .into_iter()
            .map(Some)
            .chain(std::iter::repeat(None));
        let again = queued.zip(outcomes);
        Ok(again
            .filter_map(|(queued, outcome)| self.arrived(queued, outcome))
            .collect())
    }

    /// Counts a change that arrived; gives back one that did not.
    fn arrived(&mut self, queued: Queued, outcome: Option<Outcome>) -> Option<Queued> {
        trace::answered(&queued.span, outcome.as_ref());
        match outcome {
            Some(Outcome::Applied(ids)) => {
                self.metrics
                    .applied(&queued.change, since(queued.received_at));
                tell(&queued.change);
                self.history.keep(queued.change, ids);
                None
            }
            Some(Outcome::Duplicate) => {
                self.metrics.outcome("duplicate");
                None
            }
            Some(Outcome::Behind { .. }) | None => Some(queued),
        }
    }

    fn reached(&self, mark: Mark) {
        if let Some((generation, seq)) = mark.through {
            self.holding.progressed(generation, seq);
        }
        if let Some(generation) = mark.mended {
            self.holding.mended(generation);
        }
    }
}

/// Says what went out, without what is in it.
fn tell(change: &Change) {
    for entry in &change.entries {
        if let event_bus::NewEntry::Event(event) = entry {
            debug!(
                component = "Gateway",
                event = event.event.name(),
                guild_id = %change.guild,
                position = %change.position,
                trace = event.trace,
                "Event broadcast"
            );
        }
    }
}

#[cfg(test)]
mod tests;
