use std::sync::Arc;

use redis_link::RedisConfig;

use crate::{Limits, MemoryLimits, RedisLimits};

/// Where limits are counted: in Redis where one is configured.
#[derive(Debug, Clone)]
pub enum LimitsConfig {
    /// In this process only.
    Memory,
    /// In Redis, for all replicas together.
    Redis(Box<RedisConfig>),
}

impl LimitsConfig {
    /// Chooses; `redis` is the configuration of Redis if there is one.
    pub fn choose(redis: Option<&RedisConfig>) -> Self {
        redis.map_or(Self::Memory, |redis| Self::Redis(Box::new(redis.clone())))
    }

    /// The limits. Those in Redis are returned at once and answer errors until Redis can be reached.
    pub fn connect(&self) -> Arc<dyn Limits> {
        match self {
            Self::Memory => Arc::new(MemoryLimits::default()),
            Self::Redis(redis) => Arc::new(RedisLimits::connect(redis)),
        }
    }
}
