use std::{fmt, time::Duration};

use async_trait::async_trait;
use fred::{
    clients::Client,
    interfaces::KeysInterface,
    types::{Expiration, Value},
};
use redis_link::{RedisConfig, RedisLink, Role};
use sha2::{Digest, Sha256};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use tower_sessions_redis_store::RedisStore;
use tracing::{debug, warn};

use crate::marks::Marks;

/// How often `create` draws another id. Ids are random 128-bit numbers: two draws in a row that are taken mean that something else is wrong.
const DRAWS: usize = 4;

/// Separates what is derived here from any other use of SHA-256 on a session's id.
const PURPOSE: &[u8] = b"fanfare session key v1\0";

/// The sessions of all replicas, in Redis.
pub struct RedisSessions {
    store: RedisStore<Client>,
    link: RedisLink,
    prefix: String,
}

impl RedisSessions {
    /// A store that answers errors until Redis can be reached.
    pub fn connect(redis: &RedisConfig) -> Self {
        let link = RedisLink::connect(redis, Role::Sessions);
        Self {
            store: RedisStore::new(link.client().clone()),
            link,
            prefix: redis.prefix.clone(),
        }
    }

    /// The id under which a session is stored: its key, and the id within its value.
    fn stored_id(&self, id: &Id) -> Id {
        let mut hash = Sha256::new();
        hash.update(PURPOSE);
        hash.update((self.prefix.len() as u64).to_be_bytes());
        hash.update(&self.prefix);
        hash.update(id.0.to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        Id(i128::from_be_bytes(half))
    }

    fn stored(&self, record: &Record) -> Record {
        Record {
            id: self.stored_id(&record.id),
            ..record.clone()
        }
    }

    /// Counts what failed: the store calls Redis itself, and tells no kind of error.
    fn counted<T>(&self, outcome: Result<T>) -> Result<T> {
        if let Err(Error::Backend(_)) = &outcome {
            let error = fred::error::Error::new(fred::error::ErrorKind::Unknown, "");
            let _counted = self.link.noted::<()>(Err(error));
        }
        outcome
    }

    /// Whether there is anything under this id, readable or not.
    async fn occupied(&self, stored: &Id) -> Result<bool> {
        match self.counted(self.store.load(stored).await) {
            Ok(record) => Ok(record.is_some()),
            Err(Error::Decode(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for RedisSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisSessions")
    }
}

#[async_trait]
impl SessionStore for RedisSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..DRAWS {
            let mut stored = self.stored(record);
            let id = stored.id;
            match self.counted(self.store.create(&mut stored).await) {
                Ok(()) if stored.id == id => return Ok(()),
                // A store that draws another id by itself has written one that belongs to no cookie.
                Ok(()) => self.store.delete(&stored.id).await?,
                Err(error) if !self.occupied(&id).await? => return Err(error),
                Err(_) => {}
            }
            record.id = Id::default();
        }
        Err(Error::Backend(format!(
            "{DRAWS} session ids in a row were taken"
        )))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let stored = self.stored(record);
        let Err(error) = self.counted(self.store.save(&stored).await) else {
            return Ok(());
        };
        if self.occupied(&stored.id).await? {
            return Err(error);
        }
        debug!("a session was deleted while a request was using it; nothing was saved");
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        match self.counted(self.store.load(&self.stored_id(id)).await) {
            Ok(record) => Ok(record.map(|record| Record { id: *id, ..record })),
            Err(Error::Decode(error)) => {
                warn!(error, "a session can't be read and counts as none");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.counted(self.store.delete(&self.stored_id(id)).await)
    }
}

#[async_trait]
impl Marks for RedisSessions {
    async fn mark(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        let ttl = i64::try_from(ttl.as_millis().max(1)).unwrap_or(i64::MAX);
        let (key, client) = (self.link.key(key), self.link.client());
        let set = client.set::<Value, _, _>(key, value, Some(Expiration::PX(ttl)), None, false);
        self.link.noted(set.await).map(|_| ()).map_err(away)
    }

    async fn marked(&self, key: &str) -> Result<Option<String>> {
        let key = self.link.key(key);
        let read = self.link.client().get(key).await;
        self.link.noted(read).map_err(away)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn away(error: fred::error::Error) -> Error {
    Error::Backend(error.to_string())
}
