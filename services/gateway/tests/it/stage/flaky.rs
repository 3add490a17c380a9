use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use contracts::{EventId, GuildId, Signal, state::Guild};
use event_bus::{
    Batch, BusError, Cut, EventBus, Fence, LogPage, MemoryBus, Outcome, Retention, Subscription,
};

/// A bus whose publications fail as told: the next few, or all until it is mended. Every second
/// failure comes after the batch was written, as when an answer gets lost.
pub(crate) struct FlakyBus {
    inner: Arc<MemoryBus>,
    fails: AtomicUsize,
    away: AtomicBool,
    attempts: AtomicUsize,
}

impl Default for FlakyBus {
    fn default() -> Self {
        Self {
            inner: Arc::new(MemoryBus::new(Retention::default())),
            fails: AtomicUsize::new(0),
            away: AtomicBool::new(false),
            attempts: AtomicUsize::new(0),
        }
    }
}

impl FlakyBus {
    /// The next publications fail.
    pub(crate) fn fail(&self, times: usize) {
        self.fails.store(times, Ordering::Relaxed);
    }

    /// Everything fails from now on, or works again.
    pub(crate) fn away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    fn here(&self) -> Result<(), BusError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(BusError::Unavailable("away, for a test".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl EventBus for FlakyBus {
    async fn publish(&self, batch: &Batch) -> Result<Vec<Outcome>, BusError> {
        self.here()?;
        let fails = self
            .fails
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
        if fails.is_ok() {
            if attempt % 2 == 1 {
                self.inner.publish(batch).await?;
            }
            return Err(BusError::Unavailable("away, for a test".into()));
        }
        self.inner.publish(batch).await
    }

    async fn fence(&self, fence: Fence) -> Result<(), BusError> {
        self.here()?;
        self.inner.fence(fence).await
    }

    async fn subscribe(&self) -> Result<Subscription, BusError> {
        self.here()?;
        self.inner.subscribe().await
    }

    async fn signal(&self, signal: &Signal) -> Result<(), BusError> {
        self.here()?;
        self.inner.signal(signal).await
    }

    async fn read(
        &self,
        guild: GuildId,
        after: EventId,
        upto: EventId,
        limit: usize,
    ) -> Result<LogPage, BusError> {
        self.inner.read(guild, after, upto, limit).await
    }

    async fn snapshot(&self, guilds: &[GuildId]) -> Result<Cut, BusError> {
        self.here()?;
        self.inner.snapshot(guilds).await
    }

    async fn guilds(&self, guilds: &[GuildId]) -> Result<Vec<Guild>, BusError> {
        self.here()?;
        self.inner.guilds(guilds).await
    }

    async fn all_guilds(&self) -> Result<Vec<GuildId>, BusError> {
        self.here()?;
        self.inner.all_guilds().await
    }

    async fn clock(&self) -> Result<EventId, BusError> {
        self.inner.clock().await
    }

    async fn draw_epoch(&self) -> Result<u64, BusError> {
        self.here()?;
        self.inner.draw_epoch().await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.here()?;
        self.inner.ping().await
    }
}
