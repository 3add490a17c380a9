#![doc = include_str!("../README.md")]

mod config;
pub mod link;
mod memory;
mod redis;

pub use self::link::LinkLimits;
pub use config::LimitsConfig;
pub use memory::{MEMORY_CAPACITY, MemoryLimits};
pub use redis::RedisLimits;

use std::time::Duration;

use async_trait::async_trait;

/// A token bucket: `burst` at once, then `rate` in each `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Separates this bucket from others with the same keys: `rpc`, `login` …
    pub name: &'static str,
    /// How many it holds.
    pub burst: u32,
    /// How many come back in each `per`.
    pub rate: u32,
    /// See `rate`.
    pub per: Duration,
}

/// Whether something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may, and was counted.
    Granted,
    /// Not now.
    Refused {
        /// When it may.
        retry_after: Duration,
    },
}

/// How much may be done, counted over all replicas.
#[async_trait]
pub trait Limits: Send + Sync + 'static {
    /// Takes one token of a key's bucket. Refused calls take none.
    async fn take(&self, bucket: &Bucket, key: &str) -> Result<Verdict, LimitsError>;

    /// Takes one of `most` places of a key for `ttl`; who holds the place already holds it for another `ttl`. False = all are
    /// taken. A place whose holder died is free when its `ttl` has run out.
    async fn hold(
        &self,
        key: &str,
        holder: &str,
        most: usize,
        ttl: Duration,
    ) -> Result<bool, LimitsError>;

    /// Gives a place back. One that is not held is no error.
    async fn release(&self, key: &str, holder: &str) -> Result<(), LimitsError>;
}

/// The limits can't be asked at the moment.
#[derive(Debug, thiserror::Error)]
#[error("the limits can't be asked: {0}")]
pub struct LimitsError(pub String);
