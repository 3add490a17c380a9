#![doc = include_str!("../README.md")]

mod change;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod entry;
mod error;
mod fence;
mod link;
mod log;
mod memory;
mod metrics;
mod outlet;
mod position;
mod redaction;
mod redis;
mod subscription;

pub use self::link::{LinkBus, Served};
pub use change::{Batch, Change, NewEntry, Outcome, StateOp};
pub use config::{
    BusConfig, EVENT_BUS, EVENT_RETENTION_ENTRIES, EVENT_RETENTION_SECONDS, LinkEnd, Retention,
    VARIABLES, WithoutRedis,
};
pub use entry::{Body, Entry};
pub use error::BusError;
pub use fence::Fence;
pub use log::{Cut, GONE_LIMIT, GuildCut, LogPage, PAGE_LIMIT, StoredGuild};
pub use memory::MemoryBus;
pub use outlet::DELIVERY_QUEUE;
pub use position::{InvalidPosition, Position};
pub use redis::RedisBus;
pub use subscription::{Delivery, Subscription, Watcher};

use async_trait::async_trait;
use contracts::{EventId, GuildId, Signal};

/// Publish, subscribe, read and snapshot the events of guilds.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Publishes the changes of a batch in order; each is applied whole or not at all, and one outcome is returned for each.
    ///
    /// A batch that failed with [`BusError::Unavailable`] may have been applied: publish it again,
    /// what was applied then answers [`Outcome::Duplicate`].
    ///
    /// Several calls may be under way at once; they are applied in the order in which their futures were polled first, unless
    /// one fails: what is under way behind it may be applied, fail too, or answer [`Outcome::Behind`] for the guilds
    /// concerned. So after a failure publish again from the first batch that failed, in order.
    async fn publish(&self, batch: &Batch) -> Result<Vec<Outcome>, BusError>;

    /// From the return on, batches of this shard with a lower token are refused whole with [`BusError::Fenced`]. Raising a
    /// fence below one that is known is refused too.
    async fn fence(&self, fence: Fence) -> Result<(), BusError>;

    /// A subscription that watches no guild yet. It survives outages by itself and says so in its deliveries.
    async fn subscribe(&self) -> Result<Subscription, BusError>;

    /// Sends a word to every subscription of the deployment, this process's too: [`Delivery::Signal`]. It is kept nowhere, so
    /// whoever does not listen at that moment (an outage, a queue that is full) never hears it.
    async fn signal(&self, signal: &Signal) -> Result<(), BusError>;

    /// The entries of a guild with `after < id ≤ upto`, the oldest first, `limit` (and [`PAGE_LIMIT`]) at most.
    async fn read(
        &self,
        guild: GuildId,
        after: EventId,
        upto: EventId,
        limit: usize,
    ) -> Result<LogPage, BusError>;

    /// What is true in these guilds now, all of them as of one id. A guild that is not stored is left out.
    async fn snapshot(&self, guilds: &[GuildId]) -> Result<Cut, BusError>;

    /// The facts of those of these guilds that are stored.
    async fn guilds(&self, guilds: &[GuildId]) -> Result<Vec<contracts::state::Guild>, BusError>;

    /// Every guild that is stored with the bot in it, so that a gateway sees which it lost while it was away.
    async fn all_guilds(&self) -> Result<Vec<GuildId>, BusError>;

    /// The id of the latest entry of the deployment: everything up to it is in the log.
    async fn clock(&self) -> Result<EventId, BusError>;

    /// A number larger than any drawn before in this deployment: generations of Discord sessions.
    async fn draw_epoch(&self) -> Result<u64, BusError>;

    /// Whether the bus answers; for readiness.
    async fn ping(&self) -> Result<(), BusError>;
}
