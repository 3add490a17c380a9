use std::sync::Arc;

use environment::{Env, Variable};
use redis_link::RedisConfig;

use crate::{
    CookieSessions, MemoryMarks, MemorySessions, PostgresConfig, PostgresSessions, RedisSessions,
    Sealing, Sessions,
};

/// Where sessions are kept.
pub const SESSION_STORE: Variable = Variable::new(
    "SESSION_STORE",
    "where sign-ins are kept: `redis`, `postgres`, `cookie` (in the browser) or `memory` (this process only); without it redis if Redis is configured, else memory",
);

/// Where PostgreSQL is.
pub const DATABASE_URL: Variable = Variable::new(
    "DATABASE_URL",
    "postgres://user:password@host[:port]/database[?sslmode=require], a Supabase project's own too; for SESSION_STORE=postgres",
)
.secret_address();

/// What this crate reads, beside Redis' own variables.
pub const VARIABLES: &[Variable] = &[SESSION_STORE, DATABASE_URL];

/// Which store to use.
#[derive(Debug, Clone)]
pub enum SessionStoreConfig {
    /// Of this process only: signed out by its restart.
    Memory,
    /// Shared by all replicas.
    Redis(Box<RedisConfig>),
    /// Shared by all replicas.
    Postgres(Box<PostgresConfig>),
    /// In the browser's cookie. What ended lies in Redis; without it this process alone knows.
    Cookie(Option<Box<RedisConfig>>),
}

impl SessionStoreConfig {
    /// Reads it; `redis` is the configuration of Redis if there is one.
    pub fn read(env: &mut Env, redis: Option<&RedisConfig>) -> Self {
        let url = env.secret(&DATABASE_URL);
        match (env.text(&SESSION_STORE).as_deref().map(str::trim), redis) {
            (Some("redis") | None, Some(redis)) => return Self::Redis(Box::new(redis.clone())),
            (Some("cookie"), redis) => {
                return Self::Cookie(redis.map(|redis| Box::new(redis.clone())));
            }
            (Some("memory") | None, _) => {}
            (Some("redis"), None) => env.fault(
                &SESSION_STORE,
                "is `redis`, but no Redis is configured: set REDIS_URL",
            ),
            (Some("postgres"), _) => match url.map(|url| PostgresConfig::parse(&url)) {
                Some(Some(postgres)) => return Self::Postgres(Box::new(postgres)),
                Some(None) => env.fault(
                    &DATABASE_URL,
                    "is not an address like postgres://user:password@host:5432/database",
                ),
                None => env.fault(
                    &SESSION_STORE,
                    "is `postgres`, but there is no PostgreSQL: set DATABASE_URL",
                ),
            },
            (Some(other), _) => {
                let message =
                    format!("is `{other}`; it may be `redis`, `postgres`, `cookie` or `memory`");
                env.fault(&SESSION_STORE, message);
            }
        }
        Self::Memory
    }

    /// The store. One in Redis or PostgreSQL is returned at once and answers errors until that can be reached. What lies in
    /// cookies is sealed as `sealing` says.
    pub fn connect(&self, sealing: &Sealing) -> Sessions {
        match self {
            Self::Cookie(None) => {
                CookieSessions::new(sealing, Arc::new(MemoryMarks::default())).into()
            }
            Self::Cookie(Some(redis)) => {
                CookieSessions::new(sealing, Arc::new(RedisSessions::connect(redis))).into()
            }
            Self::Memory => MemorySessions::new().into(),
            Self::Redis(redis) => RedisSessions::connect(redis).into(),
            Self::Postgres(postgres) => PostgresSessions::connect(postgres).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(value: &str, redis: bool, url: &str) -> (SessionStoreConfig, Option<String>) {
        let redis = redis.then(|| RedisConfig::new("redis://127.0.0.1:1".into(), "test").unwrap());
        let mut env = Env::from_pairs([("SESSION_STORE", value), ("DATABASE_URL", url)]);
        let config = SessionStoreConfig::read(&mut env, redis.as_ref());
        (config, env.finish().err().map(|error| error.to_string()))
    }

    fn read(value: &str, redis: bool) -> (SessionStoreConfig, Option<String>) {
        read_with(value, redis, "")
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
    fn postgres_is_used_where_it_is_named_and_its_password_is_told_to_nobody() {
        let url = "postgres://somebody:hunter2@db.example:6543/postgres?sslmode=require";
        let (config, fault) = read_with("postgres", true, url);
        assert!(matches!(config, SessionStoreConfig::Postgres(_)) && fault.is_none());
        assert!(!format!("{config:?}").contains("hunter2"));
        for wrong in [
            "db.example",
            "mysql://somebody:hunter2@h/d",
            "postgres://a:hunter2@h:port/d",
        ] {
            let (_, fault) = read_with("postgres", true, wrong);
            let fault = fault.unwrap();
            assert!(
                fault.contains("DATABASE_URL") && !fault.contains("hunter2"),
                "{fault}"
            );
        }
        assert!(
            read("postgres", true)
                .1
                .unwrap()
                .contains("set DATABASE_URL")
        );
    }

    #[test]
    fn what_ended_lies_in_redis_where_there_is_one() {
        let (with, fault) = read("cookie", true);
        assert!(matches!(with, SessionStoreConfig::Cookie(Some(_))) && fault.is_none());
        let (without, fault) = read("cookie", false);
        assert!(matches!(without, SessionStoreConfig::Cookie(None)) && fault.is_none());
    }

    #[test]
    fn what_can_not_be_is_a_fault_that_says_what_can() {
        let (_, fault) = read("redis", false);
        assert!(fault.unwrap().contains("set REDIS_URL"));
        for unknown in ["supabase", "Redis"] {
            let (_, fault) = read(unknown, true);
            let fault = fault.unwrap();
            assert!(
                fault.contains(unknown) && fault.contains("`memory`"),
                "{fault}"
            );
        }
    }
}
