//! Sessions in PostgreSQL.

mod schema;

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use environment::Secret;
use sha2::{Digest, Sha256};
use sqlx::{
    ConnectOptions, PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{
    sync::OnceCell,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::task::AbortOnDropHandle;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use tracing::warn;

use crate::marks::Marks;

/// Connections of one process at most; calls beyond wait for one.
const CONNECTIONS: u32 = 8;

/// How long a connection is waited for, and how long a call takes at most; then it is an error.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// How often `create` draws another id before something else must be wrong.
const DRAWS: usize = 4;

/// How often what has expired is swept, and how many rows at a time.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
const SWEPT_AT_ONCE: i64 = 500;

/// Separates what is derived here from any other use of SHA-256 on a session's id.
const PURPOSE: &[u8] = b"fanfare postgres session v1\0";

/// The sessions of all replicas, in PostgreSQL.
pub struct PostgresSessions {
    database: Database,
    _sweeper: AbortOnDropHandle<()>,
}

/// Where PostgreSQL is.
#[derive(Clone)]
pub struct PostgresConfig(PgConnectOptions);

#[derive(Clone)]
struct Database {
    pool: PgPool,
    /// The tables are there.
    ready: Arc<OnceCell<()>>,
}

impl PostgresConfig {
    /// Reads an address, `postgres://user:password@host:port/database?sslmode=require`; `None` = it is not one.
    pub fn parse(url: &Secret) -> Option<Self> {
        let known = ["postgres://", "postgresql://"];
        if !known.iter().any(|scheme| url.expose().starts_with(scheme)) {
            return None;
        }
        let options = PgConnectOptions::from_str(url.expose()).ok()?;
        // A pooler that hands connections on between transactions forgets prepared statements.
        let options = options
            .application_name("fanfare")
            .statement_cache_capacity(0)
            .disable_statement_logging();
        Some(Self(options))
    }
}

impl PostgresConfig {
    #[cfg(feature = "test-server")]
    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.0
    }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresConfig")
    }
}

impl PostgresSessions {
    /// A store that answers errors until PostgreSQL can be reached; then it makes its tables. Within a Tokio runtime.
    pub fn connect(config: &PostgresConfig) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT_TIMEOUT)
            .connect_lazy_with(config.0.clone());
        let database = Database {
            pool,
            ready: Arc::default(),
        };
        let sweeper = tokio::spawn(sweep(database.clone()));
        Self {
            database,
            _sweeper: AbortOnDropHandle::new(sweeper),
        }
    }
}

impl fmt::Debug for PostgresSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresSessions")
    }
}

impl Database {
    /// Makes a call, after the tables were made.
    async fn call<T>(&self, call: impl Future<Output = sqlx::Result<T>>) -> Result<T> {
        let made = async {
            let make = || schema::make(&self.pool);
            self.ready.get_or_try_init(make).await?;
            call.await
        };
        match timeout(CALL_TIMEOUT, made).await {
            Ok(outcome) => outcome.map_err(|error| Error::Backend(told(&error))),
            Err(_) => Err(Error::Backend("PostgreSQL does not answer".to_owned())),
        }
    }

    /// Deletes some of what has expired; how many rows.
    async fn sweep(&self) -> Result<u64> {
        let mut swept = 0;
        for statement in [
            "DELETE FROM fanfare.sessions WHERE id IN (SELECT id FROM fanfare.sessions \
             WHERE expires_at <= now() LIMIT $1 FOR UPDATE SKIP LOCKED)",
            "DELETE FROM fanfare.session_marks WHERE key IN (SELECT key FROM fanfare.session_marks \
             WHERE expires_at <= now() LIMIT $1 FOR UPDATE SKIP LOCKED)",
        ] {
            let delete = sqlx::query(statement).bind(SWEPT_AT_ONCE);
            swept += self.call(delete.execute(&self.pool)).await?.rows_affected();
        }
        Ok(swept)
    }
}

/// Sweeps now and then; replicas leave each other's rows alone.
async fn sweep(database: Database) {
    let mut clock = interval(SWEEP_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        loop {
            match database.sweep().await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    warn!(component = "Internal", %error, "expired sessions could not be swept");
                    break;
                }
            }
        }
    }
}

/// What went wrong, without what was sent.
fn told(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => format!("PostgreSQL: {}", error.message()),
        sqlx::Error::PoolTimedOut => "PostgreSQL can't be reached in time".to_owned(),
        sqlx::Error::Io(error) => format!("PostgreSQL can't be reached: {error}"),
        sqlx::Error::Tls(_) => "PostgreSQL: the TLS handshake failed".to_owned(),
        _ => "PostgreSQL: the exchange failed".to_owned(),
    }
}

/// The key of a session: its id can't be found from it.
fn key(id: &Id) -> Vec<u8> {
    let hash = Sha256::new().chain_update(PURPOSE);
    hash.chain_update(id.0.to_be_bytes()).finalize().to_vec()
}

/// A record without its id.
fn encode(record: &Record) -> Result<Vec<u8>> {
    let stored = Record {
        id: Id(0),
        ..record.clone()
    };
    serde_json::to_vec(&stored).map_err(|error| Error::Encode(error.to_string()))
}

/// Seconds since 1970, for `to_timestamp`.
fn seconds(record: &Record) -> f64 {
    record.expiry_date.unix_timestamp_nanos() as f64 / 1e9
}

#[async_trait]
impl SessionStore for PostgresSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..DRAWS {
            let insert = sqlx::query(
                "INSERT INTO fanfare.sessions (id, record, expires_at) \
                 VALUES ($1, $2, to_timestamp($3)) ON CONFLICT (id) DO NOTHING",
            );
            let insert = insert.bind(key(&record.id)).bind(encode(record)?);
            let insert = insert.bind(seconds(record));
            let done = insert.execute(&self.database.pool);
            if self.database.call(done).await?.rows_affected() == 1 {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(Error::Backend(format!(
            "{DRAWS} session ids in a row were taken"
        )))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let update = sqlx::query(
            "UPDATE fanfare.sessions SET record = $2, expires_at = to_timestamp($3) \
             WHERE id = $1 AND expires_at > now()",
        );
        let update = update.bind(key(&record.id)).bind(encode(record)?);
        let done = update.bind(seconds(record)).execute(&self.database.pool);
        self.database.call(done).await.map(|_| ())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let select =
            sqlx::query("SELECT record FROM fanfare.sessions WHERE id = $1 AND expires_at > now()");
        let row = select.bind(key(id)).fetch_optional(&self.database.pool);
        let Some(row) = self.database.call(row).await? else {
            return Ok(None);
        };
        let bytes: Vec<u8> = row
            .try_get(0)
            .map_err(|error| Error::Backend(told(&error)))?;
        if let Ok(record) = serde_json::from_slice::<Record>(&bytes) {
            return Ok(Some(Record { id: *id, ..record }));
        }
        warn!("a session can't be read and counts as none");
        Ok(None)
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let delete = sqlx::query("DELETE FROM fanfare.sessions WHERE id = $1").bind(key(id));
        let done = delete.execute(&self.database.pool);
        self.database.call(done).await.map(|_| ())
    }
}

#[async_trait]
impl Marks for PostgresSessions {
    async fn mark(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        let upsert = sqlx::query(
            "INSERT INTO fanfare.session_marks (key, value, expires_at) \
             VALUES ($1, $2, now() + make_interval(secs => $3)) ON CONFLICT (key) \
             DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at",
        );
        let upsert = upsert.bind(key.to_owned()).bind(value.to_owned());
        let done = upsert.bind(ttl.as_secs_f64()).execute(&self.database.pool);
        self.database.call(done).await.map(|_| ())
    }

    async fn marked(&self, key: &str) -> Result<Option<String>> {
        let select = sqlx::query(
            "SELECT value FROM fanfare.session_marks WHERE key = $1 AND expires_at > now()",
        );
        let row = select
            .bind(key.to_owned())
            .fetch_optional(&self.database.pool);
        let row = self.database.call(row).await?;
        let value = row.map(|row| row.try_get(0)).transpose();
        value.map_err(|error| Error::Backend(told(&error)))
    }
}
