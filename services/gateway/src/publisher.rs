//! The last step of a shard's line: whatever waits goes to the bus in one batch, in order, until the
//! bus has it.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use contracts::GuildId;
use discord::ShardId;
use event_bus::{Batch, BusError, Change, EventBus, Outcome, Position, StateOp};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at},
};
use tracing::{debug, error, warn};

use crate::{
    metrics::Metrics,
    normalize::reseed,
    outage::Outage,
    pipeline::{Queued, SharedGuilds, since},
};

/// State operations and entries of one batch, roughly: a batch is one step of the bus, and others
/// wait while it takes it. A single change may be larger and then goes alone.
const BATCH_WEIGHT: usize = 2_000;

/// How often the store is asked whether it still has the guilds: one that loses its data while
/// nothing happens would be without them until something does.
const AUDIT_EVERY: Duration = Duration::from_secs(15);
/// How many guilds are asked for at once.
const AUDIT_PAGE: usize = 500;

/// Publishes the changes of one shard.
pub(crate) struct Publisher {
    shard: ShardId,
    bus: Arc<dyn EventBus>,
    changes: mpsc::Receiver<Queued>,
    guilds: SharedGuilds,
    metrics: Arc<Metrics>,
    outage: Outage,
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
        changes: mpsc::Receiver<Queued>,
        guilds: SharedGuilds,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            shard,
            bus,
            changes,
            guilds,
            metrics,
            outage: Outage::new("changes can't be published"),
            superseded: HashMap::new(),
            orphaned: HashMap::new(),
            audit_due: false,
        }
    }

    /// Runs until the pipeline has ended and everything that was queued is published.
    pub(crate) async fn run(mut self) -> Result<(), BusError> {
        let mut taken = Vec::with_capacity(Batch::LIMIT);
        let mut audit = interval_at(Instant::now() + AUDIT_EVERY, AUDIT_EVERY);
        audit.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                count = self.changes.recv_many(&mut taken, Batch::LIMIT) => {
                    if count == 0 {
                        return Ok(());
                    }
                    self.metrics.waiting(self.shard, self.changes.len() + count);
                    self.publish_all(taken.drain(..).collect()).await?;
                    self.metrics.waiting(self.shard, self.changes.len());
                    if std::mem::take(&mut self.audit_due) {
                        self.audit().await?;
                    }
                }
                _ = audit.tick() => self.audit().await?,
            }
        }
    }

    async fn publish_all(&mut self, mut waiting: VecDeque<Queued>) -> Result<(), BusError> {
        while !waiting.is_empty() {
            let mut batch = Vec::new();
            let mut weight = 0;
            while let Some(next) = waiting.front() {
                weight += next.change.state.len() + next.change.entries.len() + 1;
                if weight > BATCH_WEIGHT && !batch.is_empty() {
                    break;
                }
                batch.extend(waiting.pop_front().and_then(|queued| self.admit(queued)));
            }
            self.publish(batch).await?;
        }
        Ok(())
    }

    /// Nothing waits: writes those guilds anew that the store lost while nothing happened in them.
    async fn audit(&mut self) -> Result<(), BusError> {
        let ids = self.guilds.lock().ids();
        for page in ids.chunks(AUDIT_PAGE) {
            let Ok(stored) = self.bus.guilds(page).await else {
                return Ok(());
            };
            let stored: BTreeSet<GuildId> = stored.iter().map(|guild| guild.id).collect();
            for guild in page.iter().filter(|guild| !stored.contains(guild)) {
                self.rewrite(*guild, None).await?;
            }
        }
        Ok(())
    }

    /// The change as it is to be published; `None` if what was written meanwhile contains it.
    fn admit(&mut self, mut queued: Queued) -> Option<Queued> {
        let change = &mut queued.change;
        if let Some(upto) = self.superseded.get(&change.guild) {
            if change.position <= *upto {
                self.metrics.outcome("superseded");
                return None;
            }
            self.superseded.remove(&change.guild);
        }
        if let Some(stored) = self.orphaned.get(&change.guild).copied() {
            let removal = change.state.contains(&StateOp::RemoveGuild);
            if change.reseed || removal {
                self.orphaned.remove(&change.guild);
            }
            if removal {
                change.previous = stored;
            }
            if !change.reseed && (!removal || stored.is_none()) {
                self.metrics.outcome("superseded");
                return None;
            }
        }
        Some(queued)
    }

    /// Publishes changes, and writes those guilds anew of which the store lost track.
    async fn publish(&mut self, mut next: Vec<Queued>) -> Result<(), BusError> {
        while !next.is_empty() {
            let (changes, received): (Vec<Change>, Vec<u64>) = next
                .drain(..)
                .map(|queued| (queued.change, queued.received_at))
                .unzip();
            let batch = Batch::of(changes);
            let answer = self.attempt(&batch).await;
            let lost = match answer {
                Ok(outcomes) => self.settle(&batch, &received, outcomes),
                Err(BusError::Corrupt(_)) if batch.changes.len() > 1 => {
                    // One of them is unreadable in the store; the others must not suffer for it.
                    for queued in unite(batch, received) {
                        Box::pin(self.publish(vec![queued])).await?;
                    }
                    return Ok(());
                }
                Err(error @ BusError::Corrupt(_)) => {
                    let guild = batch.changes[0].guild;
                    error!(component = "Gateway", %guild, %error, "a guild's stored state is unreadable");
                    HashMap::from([(guild, None)])
                }
                Err(error) => return Err(error),
            };
            for (guild, stored) in &lost {
                self.audit_due |= stored.is_none();
                self.rewrite(*guild, *stored).await?;
            }
            next = unite(batch, received)
                .filter(|queued| lost.contains_key(&queued.change.guild))
                .filter_map(|queued| self.admit(queued))
                .collect();
        }
        Ok(())
    }

    /// Publishes a batch again and again until the bus has answered. What was applied before an
    /// answer got lost is answered as a duplicate.
    async fn attempt(&mut self, batch: &Batch) -> Result<Vec<Outcome>, BusError> {
        loop {
            let began = Instant::now();
            let answer = self.bus.publish(batch).await;
            self.metrics.batch(began.elapsed());
            match answer {
                Ok(outcomes) => {
                    self.outage.over();
                    return Ok(outcomes);
                }
                Err(error @ (BusError::Corrupt(_) | BusError::Closed)) => return Err(error),
                Err(error) => {
                    self.metrics.retry("unavailable");
                    self.outage.wait(&error).await;
                }
            }
        }
    }

    /// Counts what became of the changes; returns the guilds that the store lost track of, with the
    /// position that it holds.
    fn settle(
        &self,
        batch: &Batch,
        received: &[u64],
        outcomes: Vec<Outcome>,
    ) -> HashMap<GuildId, Option<Position>> {
        let mut lost = HashMap::new();
        for ((change, received_at), outcome) in batch.changes.iter().zip(received).zip(outcomes) {
            match outcome {
                Outcome::Applied(_) => {
                    lost.remove(&change.guild);
                    self.metrics.applied(change, since(*received_at));
                    tell(change);
                }
                Outcome::Duplicate => self.metrics.outcome("duplicate"),
                Outcome::Behind { stored } => {
                    self.metrics.outcome("behind");
                    lost.insert(change.guild, stored);
                }
            }
        }
        lost
    }

    /// Writes a guild whole, as of the newest change that was made in memory. That is ahead of the
    /// queue: what is queued up to there is contained in it and will not be published.
    async fn rewrite(&mut self, guild: GuildId, stored: Option<Position>) -> Result<(), BusError> {
        let change = {
            let guilds = self.guilds.lock();
            let state = guilds.guild(guild);
            state.and_then(|state| Some(reseed(state, state.position()?)))
        };
        let Some(change) = change else {
            self.orphaned.insert(guild, stored);
            return Ok(());
        };
        warn!(
            component = "Gateway",
            %guild,
            stored = stored.map(|position| position.to_string()),
            position = %change.position,
            "the stored state is not the one that changes build on; the guild is written anew"
        );
        self.metrics.reseed();
        self.superseded.insert(guild, change.position);
        match self
            .attempt(&Batch::of(vec![change]))
            .await
        {
            Ok(_) => Ok(()),
            Err(error @ BusError::Corrupt(_)) => {
                self.metrics.outcome("lost");
                error!(component = "Gateway", %guild, %error, "a guild can't be written; its changes are lost");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// The changes of a batch with the times at which their dispatches came.
fn unite(batch: Batch, received: Vec<u64>) -> impl Iterator<Item = Queued> {
    let changes = batch.changes.into_iter().zip(received);
    changes.map(|(change, received_at)| Queued {
        change,
        received_at,
    })
}

/// Says what went out, without what is in it.
fn tell(change: &Change) {
    for entry in &change.entries {
        if let event_bus::NewEntry::Event(event) = entry {
            debug!(
                component = "Gateway",
                event = event.event.name(),
                guild = %change.guild,
                position = %change.position,
                trace = event.trace,
                "Event broadcast"
            );
        }
    }
}

#[cfg(test)]
mod tests;
