use environment::{Env, Variable};
use redis_link::RedisConfig;

use crate::{MemorySessions, RedisSessions, Sessions};

/// Where sessions are kept.
pub const SESSION_STORE: Variable = Variable::new(
    "SESSION_STORE",
    "where sign-ins are kept: `redis` or `memory` (this process only); without it redis if Redis is configured, else memory",
);

/// What this crate reads, beside Redis' own variables.
pub const VARIABLES: &[Variable] = &[SESSION_STORE];

/// Which store to use.
#[derive(Debug, Clone)]
pub enum SessionStoreConfig {
    /// Of this process only: signed out by its restart.
    Memory,
    /// Shared by all replicas.
    Redis(Box<RedisConfig>),
}

impl SessionStoreConfig {
    /// Reads it; `redis` is the configuration of Redis if there is one.
    pub fn read(env: &mut Env, redis: Option<&RedisConfig>) -> Self {
        match (env.text(&SESSION_STORE).as_deref().map(str::trim), redis) {
            (Some("redis") | None, Some(redis)) => Self::Redis(Box::new(redis.clone())),
            (Some("memory") | None, _) => Self::Memory,
            (Some("redis"), None) => {
                env.fault(
                    &SESSION_STORE,
                    "is `redis`, but no Redis is configured: set REDIS_URL",
                );
                Self::Memory
            }
            (Some(other), _) => {
                let message = format!("is `{other}`; it may be `redis` or `memory`");
                env.fault(&SESSION_STORE, message);
                Self::Memory
            }
        }
    }

    /// The store. One in Redis is returned at once and answers errors until Redis can be reached.
    pub fn connect(&self) -> Sessions {
        match self {
            Self::Memory => MemorySessions::new().into(),
            Self::Redis(redis) => RedisSessions::connect(redis).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str, redis: bool) -> (SessionStoreConfig, Option<String>) {
        let redis = redis.then(|| RedisConfig::new("redis://127.0.0.1:1".into(), "test").unwrap());
        let mut env = Env::from_pairs([("SESSION_STORE", value)]);
        let config = SessionStoreConfig::read(&mut env, redis.as_ref());
        (config, env.finish().err().map(|error| error.to_string()))
    }

    #[test]
    fn redis_is_the_default_where_redis_is_configured() {
        assert!(matches!(
            read("", true),
            (SessionStoreConfig::Redis(_), None)
        ));
        assert!(matches!(
            read("", false),
            (SessionStoreConfig::Memory, None)
        ));
        assert!(matches!(
            read("memory", true),
            (SessionStoreConfig::Memory, None)
        ));
    }

    #[test]
    fn what_can_not_be_is_a_fault_that_says_what_can() {
        let (_, fault) = read("redis", false);
        assert!(fault.unwrap().contains("set REDIS_URL"));
        for unknown in ["cookie", "postgres", "Redis"] {
            let (_, fault) = read(unknown, true);
            let fault = fault.unwrap();
            assert!(
                fault.contains(unknown) && fault.contains("`memory`"),
                "{fault}"
            );
        }
    }
}
