#![doc = include_str!("../README.md")]

mod config;
mod error;
mod lease;
mod record;
mod redis;
mod single;
mod start;

pub use config::{GATEWAY_REGISTRY, RegistryConfig, VARIABLES};
pub use error::RegistryError;
pub use lease::{Claim, Lease, NewSession, Progress, Renewal, ShardCount, StoredSession};
pub use record::{GatewayRecord, ShardRecord};
pub use redis::RedisRegistry;
pub use single::SingleRegistry;
pub use start::{Budget, Permit};

use std::time::Duration;

use async_trait::async_trait;
use contracts::ShardId;

/// The highest number of shards.
pub const SHARD_LIMIT: u32 = 4_096;

/// The longest time to live of a lease, pause between two starts and period of a budget; a longer one is cut to it.
pub const LONGEST: Duration = Duration::from_hours(24);

/// How many instances a registry holds at once; a further one is refused.
pub const CAPACITY: usize = 256;

/// Which gateway instances are alive, which shard is whose, and who may start a session with Discord when.
#[async_trait]
pub trait GatewayRegistry: Send + Sync + 'static {
    /// Writes the record of an instance, in place of its earlier one; it is gone `ttl` later unless announced again.
    ///
    /// `heartbeat_at` is set by the registry; what the record says is not looked at.
    async fn announce(&self, record: &GatewayRecord, ttl: Duration) -> Result<(), RegistryError>;

    /// Takes an instance out at once. One that is not there is no error.
    async fn withdraw(&self, instance: &str) -> Result<(), RegistryError>;

    /// The instances that are alive, ordered by their ids.
    async fn alive(&self) -> Result<Vec<GatewayRecord>, RegistryError>;

    /// How many shards the deployment has; `None` = nobody has said yet.
    async fn shard_count(&self) -> Result<Option<ShardCount>, RegistryError>;

    /// Wants another number of shards (1 to [`SHARD_LIMIT`]). In force at once where there is none yet or no lease of the
    /// current one is held; else announced to the holders by [`Renewal::Held`] and in force with the last release or expiry.
    /// The number in force cancels one that waits; of two that differ the later counts.
    ///
    /// With the old number go its leases and sessions: a session of it would hear of other guilds than its shard is told of
    /// now. What must be made good since is kept for the first session of each new shard.
    async fn recount(&self, count: u32) -> Result<ShardCount, RegistryError>;

    /// Who holds which shard of the current count, by their numbers; a shard that nobody holds is left out.
    async fn leases(&self) -> Result<Vec<(u32, String)>, RegistryError>;

    /// Claims a shard for `ttl`, if nobody holds it, the caller included, and its count is in force and to stay. Where
    /// nobody has said a count yet (or the registry has forgotten it), that of the first claim is in force.
    async fn claim(
        &self,
        shard: ShardId,
        owner: &str,
        ttl: Duration,
    ) -> Result<Claim, RegistryError>;

    /// Holds a lease for another `ttl`, also one that expired if nobody has claimed the shard meanwhile, and stores how far
    /// the session got. It compares owner and fence.
    async fn renew(
        &self,
        lease: &Lease,
        ttl: Duration,
        progress: Option<Progress>,
    ) -> Result<Renewal, RegistryError>;

    /// Stores a session that Discord has just begun, in place of the one before, and draws its generation: higher than
    /// every one before. `None` = the lease is lost, nothing was stored. Asked again with the same id, because the answer was lost, it changes nothing and answers what is stored.
    ///
    /// [`StoredSession::unmended_since`] becomes that of the session before, if it has one, else its `at`; for the first
    /// session of a shard the earliest of these in the count before; `None` if there was none either.
    async fn begin_session(
        &self,
        lease: &Lease,
        session: NewSession<'_>,
    ) -> Result<Option<StoredSession>, RegistryError>;

    /// Gives a shard back at once, its session kept for the next owner. One that is not held is no error.
    async fn release(&self, lease: &Lease, progress: Option<Progress>)
    -> Result<(), RegistryError>;

    /// Takes over what Discord told of the budget; known until its period ends. The lower of two numbers counts while both
    /// are of the same period.
    async fn budget(&self, told: Budget) -> Result<(), RegistryError>;

    /// Asks whether a session of this key (shard number modulo `max_concurrency`) may be started now; at least `interval`
    /// lies between two of a key, over all instances. A twentieth of the budget is kept in reserve. A permit whose answer
    /// was lost stays counted.
    async fn permit(&self, key: u32, interval: Duration) -> Result<Permit, RegistryError>;
}
