use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
};

use async_trait::async_trait;
use contracts::{EventId, GuildId, Signal};
use tokio::sync::mpsc;

use super::Shared;
use crate::{
    BusError, Delivery, Entry, Watcher,
    metrics::Metrics,
    outlet::{Offered, Outlet},
    subscription::Watch,
};

/// The subscriptions of a bus.
pub(super) struct Feeds {
    next: u64,
    open: BTreeMap<u64, Feed>,
    metrics: Metrics,
}

struct Feed {
    watched: BTreeSet<GuildId>,
    outlet: Outlet,
}

impl Feeds {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self {
            next: 0,
            open: BTreeMap::new(),
            metrics,
        }
    }

    pub(super) fn measure(&mut self, metrics: Metrics) {
        self.metrics = metrics;
    }

    pub(super) fn open(&mut self) -> (u64, mpsc::Receiver<Delivery>) {
        let (outlet, deliveries) = Outlet::new();
        let watched = BTreeSet::new();
        self.next += 1;
        self.open.insert(self.next, Feed { watched, outlet });
        (self.next, deliveries)
    }

    pub(super) fn deliver(&mut self, entry: &Entry) {
        self.open.retain(|_, feed| {
            if !feed.watched.contains(&entry.guild) {
                return true;
            }
            let offered = feed.outlet.entry(entry.clone());
            if offered == Offered::Overflowed {
                self.metrics.interrupted();
            }
            offered != Offered::Gone
        });
    }

    pub(super) fn signal(&mut self, signal: &Signal) {
        self.open
            .retain(|_, feed| feed.outlet.signal(signal.clone()) != Offered::Gone);
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
    }
}

/// The watcher of the feed with this number.
pub(super) fn watcher(shared: &Arc<Shared>, feed: u64) -> Watcher {
    Watcher(Arc::new(MemoryWatch {
        // a subscription does not keep the bus alive
        shared: Arc::downgrade(shared),
        feed,
    }))
}

struct MemoryWatch {
    shared: Weak<Shared>,
    feed: u64,
}

impl MemoryWatch {
    fn with(&self, act: impl FnOnce(&mut BTreeSet<GuildId>)) -> Result<(), BusError> {
        let shared = self.shared.upgrade().ok_or(BusError::Closed)?;
        let mut state = shared.state.lock();
        let feed = state.feeds.open.get_mut(&self.feed);
        act(&mut feed.ok_or(BusError::Closed)?.watched);
        Ok(())
    }
}

#[async_trait]
impl Watch for MemoryWatch {
    async fn watch(&self, guild: GuildId) -> Result<(), BusError> {
        self.with(|watched| {
            watched.insert(guild);
        })
    }

    async fn unwatch(&self, guild: GuildId) -> Result<(), BusError> {
        self.with(|watched| {
            watched.remove(&guild);
        })
    }

    async fn tick(&self) -> Result<EventId, BusError> {
        let shared = self.shared.upgrade().ok_or(BusError::Closed)?;
        let now = (shared.now)();
        let mut state = shared.state.lock();
        state.clock = state.clock.tick(now);
        let id = state.clock;
        let feed = state.feeds.open.get_mut(&self.feed);
        feed.ok_or(BusError::Closed)?.outlet.tick(id);
        Ok(id)
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.state.lock().feeds.open.remove(&self.feed);
        }
    }
}
