#![doc = include_str!("../README.md")]

mod config;
mod error;
mod record;
mod redis;
mod single;

pub use config::{GATEWAY_REGISTRY, RegistryConfig, VARIABLES};
pub use error::RegistryError;
pub use record::{GatewayRecord, ShardRecord};
pub use redis::RedisRegistry;
pub use single::SingleRegistry;

use std::time::Duration;

use async_trait::async_trait;

/// How many instances a registry holds at once; a further one is refused.
pub const CAPACITY: usize = 256;

/// Which gateway instances are alive.
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
}
