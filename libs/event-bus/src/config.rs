use std::{sync::Arc, time::Duration};

use environment::{Env, Variable};
use link::{Endpoint, Timing};
use prometheus::Registry;
use redis_link::RedisConfig;

use crate::{EventBus, LinkBus, MemoryBus, RedisBus, metrics::Metrics};

/// Which bus.
pub const EVENT_BUS: Variable = Variable::new(
    "EVENT_BUS",
    "redis, link (one gateway serves its events to web itself) or memory (one process); redis where REDIS_URL or REDIS_HOST is set, else link, or memory in `fanfare`",
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

/// What a program does without Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutRedis {
    /// It uses the bus in memory: everything runs in this process.
    Memory,
    /// It uses LINK: gateway and web are programs of their own.
    Link,
}

/// This process's end of LINK, as far as it is configured.
#[derive(Debug, Clone)]
pub enum LinkEnd {
    /// None: everything runs in this process.
    Within,
    /// The gateway's: it holds the bus in memory and serves it, if there is a token.
    Serves {
        /// Whether `LINK_TOKEN` is set.
        token: bool,
    },
    /// Web's; `None` = `LINK_TOKEN` or `GATEWAY_WS_URL` is missing.
    Asks(Option<Endpoint>),
}

/// Which event bus, and how much it keeps.
#[derive(Debug, Clone)]
pub enum BusConfig {
    /// Within this process.
    Memory {
        /// How much is kept.
        retention: Retention,
    },
    /// Within this process, and served to web over LINK.
    Served {
        /// How much is kept.
        retention: Retention,
    },
    /// The one gateway's, over LINK.
    Link {
        /// Where it is.
        endpoint: Endpoint,
        /// How much the gateway keeps; it must be configured alike.
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
    pub fn read(env: &mut Env, end: LinkEnd) -> Self {
        let retention = Retention {
            age: Duration::from_secs(positive(env, &EVENT_RETENTION_SECONDS, 3600)),
            entries: positive(env, &EVENT_RETENTION_ENTRIES, 100_000),
        };
        let memory = Self::Memory { retention };
        let chosen = env.text(&EVENT_BUS);
        match chosen.as_deref() {
            Some("memory") => return memory,
            Some("link") => return Self::over_link(env, end, true, retention),
            _ => {}
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
            (None, None) if reported => memory,
            (None, None) => Self::over_link(env, end, false, retention),
            (Some(other), _) => {
                env.fault(&EVENT_BUS, format!("is `{other}`: {}", EVENT_BUS.help));
                memory
            }
        }
    }

    /// The bus without Redis; `chosen` = the variable says so.
    fn over_link(env: &mut Env, end: LinkEnd, chosen: bool, retention: Retention) -> Self {
        let missing = match end {
            LinkEnd::Within if chosen => {
                env.fault(
                    &EVENT_BUS,
                    "is `link`, but gateway and web are in one process: use memory or redis",
                );
                return Self::Memory { retention };
            }
            LinkEnd::Within => return Self::Memory { retention },
            LinkEnd::Serves { token: true } => return Self::Served { retention },
            LinkEnd::Asks(Some(endpoint)) => {
                return Self::Link {
                    endpoint,
                    retention,
                };
            }
            LinkEnd::Serves { token: false } => {
                "LINK_TOKEN, so that this gateway serves its events to web itself"
            }
            LinkEnd::Asks(None) => {
                "LINK_TOKEN and GATEWAY_WS_URL, so that web asks the one gateway itself"
            }
        };
        env.fault(
            &EVENT_BUS,
            if chosen {
                format!("is `link`: set {missing}")
            } else {
                format!(
                    "has nothing to work with: set REDIS_URL to the Redis that gateway and web share; or {missing}"
                )
            },
        );
        Self::Memory { retention }
    }

    /// How much is kept.
    pub fn retention(&self) -> Retention {
        match self {
            Self::Memory { retention }
            | Self::Served { retention }
            | Self::Link { retention, .. }
            | Self::Redis { retention, .. } => *retention,
        }
    }

    /// The bus, within a Tokio runtime. It waits for nobody: until Redis or the gateway answers, its calls fail with
    /// [`crate::BusError::Unavailable`]. One bus per registry: the metrics of a second one are not shown.
    pub fn connect(&self, registry: &Registry) -> Arc<dyn EventBus> {
        match self {
            Self::Memory { retention } | Self::Served { retention } => {
                Arc::new(MemoryBus::new(*retention).measured(Metrics::register(registry)))
            }
            Self::Link { endpoint, .. } => {
                let bus = LinkBus::connect(endpoint, Timing::default());
                Arc::new(bus.measured(Metrics::register(registry)))
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
