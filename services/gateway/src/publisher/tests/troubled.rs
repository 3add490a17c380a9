use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use contracts::{EventId, GuildId, Signal, state::Guild};
use event_bus::{
    Batch, BusError, Change, Cut, EventBus, Fence, LogPage, MemoryBus, Outcome, Position,
    Retention, StoredGuild, Subscription,
};
use parking_lot::Mutex;

/// A bus in memory that fails as it is told.
pub(super) struct TroubledBus {
    inner: Mutex<Arc<MemoryBus>>,
    /// So many publications fail before anything is written, then so many after it.
    before: AtomicUsize,
    after: AtomicUsize,
    corrupt: Mutex<BTreeSet<GuildId>>,
    /// What was applied, with the ids that it got: what a copy that lags behind is made of.
    applied: Mutex<Vec<Change>>,
    /// Answers, and what they answer, take turns at random.
    shuffles: AtomicBool,
}

impl Default for TroubledBus {
    fn default() -> Self {
        Self {
            inner: Mutex::new(Arc::new(MemoryBus::new(Retention::default()))),
            before: AtomicUsize::new(0),
            after: AtomicUsize::new(0),
            corrupt: Mutex::default(),
            applied: Mutex::default(),
            shuffles: AtomicBool::new(false),
        }
    }
}

impl TroubledBus {
    pub(super) fn fail(&self, before: usize, after: usize) {
        self.before.store(before, Ordering::Relaxed);
        self.after.store(after, Ordering::Relaxed);
    }

    pub(super) fn lose_everything(&self) {
        *self.inner.lock() = Arc::new(MemoryBus::new(Retention::default()));
        self.applied.lock().clear();
    }

    /// Falls back to a copy that lacks the latest changes.
    pub(super) async fn fall_back(&self, changes: usize) {
        let kept = {
            let mut applied = self.applied.lock();
            let kept = applied.len().saturating_sub(changes);
            applied.truncate(kept);
            applied.clone()
        };
        // Its clock stands still: what is told again finds its own ids free.
        let copy = MemoryBus::with_time(Retention::default(), || 1);
        for change in kept {
            copy.publish(&Batch::of(vec![change])).await.unwrap();
        }
        *self.inner.lock() = Arc::new(copy);
    }

    /// From now on publications that are under way together overtake each other.
    pub(super) fn shuffle(&self) {
        self.shuffles.store(true, Ordering::Relaxed);
    }

    async fn turn(&self) {
        if self.shuffles.load(Ordering::Relaxed) {
            let wait = rand::random_range(0..20);
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        }
    }

    /// What is stored of a guild can't be read until it is written whole.
    pub(super) fn corrupt(&self, guild: GuildId) {
        self.corrupt.lock().insert(guild);
    }

    /// Moves a guild's stored position on, as another gateway would.
    pub(super) async fn move_position(&self, guild: GuildId) {
        let cut = self.inner().snapshot(&[guild]).await.unwrap();
        let previous = cut.guilds[0].position;
        let change = Change {
            guild,
            previous: Some(previous),
            position: Position {
                part: previous.part + 1,
                ..previous
            },
            reseed: false,
            state: Vec::new(),
            entries: Vec::new(),
            redact: Vec::new(),
            ids: Vec::new(),
        };
        let outcomes = self
            .inner()
            .publish(&Batch::of(vec![change]))
            .await
            .unwrap();
        assert!(matches!(outcomes[..], [Outcome::Applied(_)]));
    }

    pub(super) async fn stored(&self, guild: GuildId) -> Option<StoredGuild> {
        let cut = self.inner().snapshot(&[guild]).await.unwrap();
        cut.guilds.into_iter().next().map(|cut| cut.state)
    }

    fn inner(&self) -> Arc<MemoryBus> {
        self.inner.lock().clone()
    }
}

/// Takes one, if there is one.
fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(1)
    })
    .is_ok()
}

fn away() -> BusError {
    BusError::Unavailable("away, for a test".into())
}

#[async_trait]
impl EventBus for TroubledBus {
    async fn publish(&self, batch: &Batch) -> Result<Vec<Outcome>, BusError> {
        if take(&self.before) {
            return Err(away());
        }
        for change in &batch.changes {
            let mut corrupt = self.corrupt.lock();
            if corrupt.contains(&change.guild) && !change.reseed {
                return Err(BusError::Corrupt("for a test".to_owned()));
            }
            corrupt.remove(&change.guild);
        }
        self.turn().await;
        let outcomes = self.inner().publish(batch).await?;
        for (change, outcome) in batch.changes.iter().zip(&outcomes) {
            if let Outcome::Applied(ids) = outcome {
                let ids = ids.clone();
                self.applied.lock().push(Change {
                    ids,
                    ..change.clone()
                });
            }
        }
        self.turn().await;
        if take(&self.after) {
            Err(away())
        } else {
            Ok(outcomes)
        }
    }

    async fn fence(&self, fence: Fence) -> Result<(), BusError> {
        self.inner().fence(fence).await
    }

    async fn subscribe(&self) -> Result<Subscription, BusError> {
        self.inner().subscribe().await
    }

    async fn signal(&self, signal: &Signal) -> Result<(), BusError> {
        self.inner().signal(signal).await
    }

    async fn read(
        &self,
        guild: GuildId,
        after: EventId,
        upto: EventId,
        limit: usize,
    ) -> Result<LogPage, BusError> {
        self.inner().read(guild, after, upto, limit).await
    }

    async fn snapshot(&self, guilds: &[GuildId]) -> Result<Cut, BusError> {
        self.inner().snapshot(guilds).await
    }

    async fn guilds(&self, guilds: &[GuildId]) -> Result<Vec<Guild>, BusError> {
        self.inner().guilds(guilds).await
    }

    async fn all_guilds(&self) -> Result<Vec<GuildId>, BusError> {
        self.inner().all_guilds().await
    }

    async fn clock(&self) -> Result<EventId, BusError> {
        self.inner().clock().await
    }

    async fn draw_epoch(&self) -> Result<u64, BusError> {
        self.inner().draw_epoch().await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.inner().ping().await
    }
}
