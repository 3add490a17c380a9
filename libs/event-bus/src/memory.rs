//! The bus within one process.

mod feeds;
mod guild;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use contracts::{EventId, GuildId, ShardId, Signal};
use parking_lot::Mutex;

use crate::{
    Batch, BusError, Change, Cut, EventBus, Fence, LogPage, Outcome, Retention, Subscription,
    metrics::Metrics,
};
use feeds::Feeds;
use guild::GuildLog;

/// Everything in memory, behind one lock: gone with the process. Ids, log, snapshot and idempotency are those of Redis.
pub struct MemoryBus {
    shared: Arc<Shared>,
}

struct Shared {
    retention: Retention,
    now: Box<dyn Fn() -> u64 + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    clock: EventId,
    epoch: u64,
    /// The highest token seen of each shard.
    fences: BTreeMap<ShardId, u64>,
    guilds: BTreeMap<GuildId, GuildLog>,
    feeds: Feeds,
    closed: bool,
}

impl MemoryBus {
    /// A bus that holds nothing yet.
    pub fn new(retention: Retention) -> Self {
        Self::with_time(retention, || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(0, |now| now.as_millis() as u64)
        })
    }

    /// A bus whose time is told by `now`, in Unix milliseconds.
    pub fn with_time(retention: Retention, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let state = State {
            clock: EventId::ZERO,
            epoch: 0,
            fences: BTreeMap::new(),
            guilds: BTreeMap::new(),
            feeds: Feeds::new(Metrics::detached()),
            closed: false,
        };
        Self {
            shared: Arc::new(Shared {
                retention,
                now: Box::new(now),
                state: Mutex::new(state),
            }),
        }
    }

    pub(crate) fn measured(self, metrics: Metrics) -> Self {
        self.shared.state.lock().feeds.measure(metrics);
        self
    }

    /// Ends all subscriptions; every call answers [`BusError::Closed`] from now on.
    pub fn close(&self) {
        let mut state = self.shared.state.lock();
        state.closed = true;
        state.feeds.clear();
    }

    fn with<T>(&self, act: impl FnOnce(&mut State, u64) -> T) -> Result<T, BusError> {
        let now = (self.shared.now)();
        let mut state = self.shared.state.lock();
        if state.closed {
            return Err(BusError::Closed);
        }
        Ok(act(&mut state, now))
    }
}

impl std::fmt::Debug for MemoryBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryBus")
    }
}

impl State {
    fn fence(&mut self, fence: Fence) -> Result<(), BusError> {
        let highest = self.fences.entry(fence.shard).or_default();
        if fence.token < *highest {
            return Err(BusError::Fenced);
        }
        *highest = fence.token;
        Ok(())
    }

    fn apply(&mut self, change: &Change, now: u64, retention: Retention) -> Outcome {
        let stored = self.guilds.get(&change.guild).map(GuildLog::position);
        if stored.is_some_and(|stored| stored >= change.position) {
            return Outcome::Duplicate;
        }
        if !change.reseed && (stored.is_none() || stored != change.previous) {
            return Outcome::Behind { stored };
        }
        let guild = self
            .guilds
            .entry(change.guild)
            .or_insert_with(|| GuildLog::new(change.guild));
        let (clock, feeds) = (&mut self.clock, &mut self.feeds);
        let ids = guild.apply(change, clock, now, |entry| feeds.deliver(entry));
        guild.trim(now, retention);
        Outcome::Applied(ids)
    }
}

#[async_trait]
impl EventBus for MemoryBus {
    async fn publish(&self, batch: &Batch) -> Result<Vec<Outcome>, BusError> {
        let retention = self.shared.retention;
        self.with(|state, now| {
            if let Some(fence) = batch.fence {
                state.fence(fence)?;
            }
            let apply = |change| state.apply(change, now, retention);
            Ok(batch.changes.iter().map(apply).collect())
        })?
    }

    async fn fence(&self, fence: Fence) -> Result<(), BusError> {
        self.with(|state, _| state.fence(fence))?
    }

    async fn subscribe(&self) -> Result<Subscription, BusError> {
        self.with(|state, _| {
            let (feed, deliveries) = state.feeds.open();
            Subscription {
                deliveries,
                watcher: feeds::watcher(&self.shared, feed),
            }
        })
    }

    async fn signal(&self, signal: &Signal) -> Result<(), BusError> {
        self.with(|state, _| state.feeds.signal(signal))
    }

    async fn read(
        &self,
        guild: GuildId,
        after: EventId,
        upto: EventId,
        limit: usize,
    ) -> Result<LogPage, BusError> {
        self.with(|state, now| match state.guilds.get_mut(&guild) {
            Some(guild) => {
                guild.trim(now, self.shared.retention);
                guild.read(after, upto, limit)
            }
            None => LogPage {
                entries: Vec::new(),
                floor: None,
                more: false,
            },
        })
    }

    async fn snapshot(&self, guilds: &[GuildId]) -> Result<Cut, BusError> {
        self.with(|state, now| Cut {
            id: state.clock,
            guilds: guilds
                .iter()
                .filter_map(|guild| {
                    let guild = state.guilds.get_mut(guild)?;
                    guild.trim(now, self.shared.retention);
                    guild.cut()
                })
                .collect(),
        })
    }

    async fn guilds(&self, guilds: &[GuildId]) -> Result<Vec<contracts::state::Guild>, BusError> {
        self.with(|state, _| {
            guilds
                .iter()
                .filter_map(|guild| state.guilds.get(guild)?.facts().cloned())
                .collect()
        })
    }

    async fn all_guilds(&self) -> Result<Vec<GuildId>, BusError> {
        self.with(|state, _| {
            let present = state
                .guilds
                .iter()
                .filter(|(_, guild)| guild.facts().is_some());
            present.map(|(id, _)| *id).collect()
        })
    }

    async fn clock(&self) -> Result<EventId, BusError> {
        self.with(|state, _| state.clock)
    }

    async fn draw_epoch(&self) -> Result<u64, BusError> {
        self.with(|state, now| {
            state.epoch = now.max(state.epoch + 1);
            state.epoch
        })
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.with(|_, _| ())
    }
}
