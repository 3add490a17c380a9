use std::{sync::Arc, time::Duration};

use environment::{Env, Variable};
use prometheus::Registry;
use redis_link::RedisConfig;

use crate::{EventBus, MemoryBus, RedisBus, metrics::Metrics};

/// Which bus.
pub const EVENT_BUS: Variable = Variable::new(
    "EVENT_BUS",
    "memory or redis; redis where REDIS_URL or REDIS_HOST is set",
);
/// How long entries stay in the log.
pub const EVENT_RETENTION_SECONDS: Variable = Variable::new(
    "EVENT_RETENTION_SECONDS",
    "for how many seconds events can be caught up with, 1 or more",
)
.or("3600");
/// How many entries stay in the log of a guild.
pub const EVENT_RETENTION_ENTRIES: Variable = Variable::new(
    "EVENT_RETENTION_ENTRIES",
    "how many events of a guild can be caught up with, 1 or more",
)
.or("100000");

/// The variables of the event bus itself; those of Redis are `redis_link::VARIABLES`.
pub const VARIABLES: &[Variable] = &[EVENT_BUS, EVENT_RETENTION_SECONDS, EVENT_RETENTION_ENTRIES];

/// How much of a guild's log is kept; whichever is reached first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long; whole milliseconds count.
    pub age: Duration,
    /// How many entries.
    pub entries: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            age: Duration::from_secs(3600),
            entries: 100_000,
        }
    }
}

/// What to do where neither `EVENT_BUS` nor Redis is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutRedis {
    /// Use the bus in memory: everything runs in this process.
    Memory,
    /// Report a fault: other processes are to be reached.
    Fault,
}

/// Which event bus, and how much it keeps.
#[derive(Debug, Clone)]
pub enum BusConfig {
    /// Within this process.
    Memory {
        /// How much is kept.
        retention: Retention,
    },
    /// Redis.
    Redis {
        /// Where it is.
        redis: RedisConfig,
        /// How much is kept.
        retention: Retention,
    },
}

impl BusConfig {
    /// Reads [`VARIABLES`] and those of Redis; what is wrong becomes a fault of `env`.
    pub fn read(env: &mut Env, default: WithoutRedis) -> Self {
        let retention = Retention {
            age: Duration::from_secs(positive(env, &EVENT_RETENTION_SECONDS, 3600)),
            entries: positive(env, &EVENT_RETENTION_ENTRIES, 100_000),
        };
        let memory = Self::Memory { retention };
        let chosen = env.text(&EVENT_BUS);
        if chosen.as_deref() == Some("memory") {
            return memory;
        }
        let faults = |env: &Env| env.finish().map_or_else(|error| error.faults.len(), |()| 0);
        let before = faults(env);
        let redis = RedisConfig::read(env);
        let reported = faults(env) > before;
        match (chosen.as_deref(), redis) {
            (None | Some("redis"), Some(redis)) => Self::Redis { redis, retention },
            (Some("redis"), None) => {
                if !reported {
                    env.fault(&EVENT_BUS, "is `redis`, so REDIS_URL must be set");
                }
                memory
            }
            (None, None) => {
                if default == WithoutRedis::Fault && !reported {
                    env.fault(
                        &EVENT_BUS,
                        "has nothing to work with: set REDIS_URL to the Redis that gateway and web share",
                    );
                }
                memory
            }
            (Some("link"), _) => {
                env.fault(
                    &EVENT_BUS,
                    "`link` is not available in this version; use redis",
                );
                memory
            }
            (Some(other), _) => {
                env.fault(&EVENT_BUS, format!("is `{other}`: {}", EVENT_BUS.help));
                memory
            }
        }
    }

    /// How much is kept.
    pub fn retention(&self) -> Retention {
        match self {
            Self::Memory { retention } | Self::Redis { retention, .. } => *retention,
        }
    }

    /// The bus, within a Tokio runtime. It does not wait for Redis: until Redis answers, its calls fail with
    /// [`crate::BusError::Unavailable`]. One bus per registry: the metrics of a second one are not shown.
    pub fn connect(&self, registry: &Registry) -> Arc<dyn EventBus> {
        match self {
            Self::Memory { retention } => {
                Arc::new(MemoryBus::new(*retention).measured(Metrics::register(registry)))
            }
            Self::Redis { redis, retention } => {
                Arc::new(RedisBus::connect(redis, *retention, registry))
            }
        }
    }
}

fn positive(env: &mut Env, variable: &Variable, fallback: u64) -> u64 {
    let number = env.parse_or(variable, fallback);
    if number == 0 {
        env.fault(variable, format!("is 0: {}", variable.help));
        return fallback;
    }
    number
}

#[cfg(test)]
mod tests;
