use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::Result,
};

use crate::{MemorySessions, RedisSessions};

/// The field that counts the changes of a value within a session. A save does not replace such a value by an older one: who
/// read the session before another request changed the value keeps that change.
pub const VERSION: &str = "version";

/// The sessions of a deployment. Clones share them.
#[derive(Debug, Clone)]
pub struct Sessions(Arc<dyn SessionStore>);

impl Sessions {
    /// Whether the session exists, for streams that outlive the request that opened them. An error says nothing either way.
    pub async fn is_live(&self, id: &Id) -> Result<bool> {
        Ok(self.load(id).await?.is_some())
    }
}

impl From<MemorySessions> for Sessions {
    fn from(store: MemorySessions) -> Self {
        Self(Arc::new(store))
    }
}

impl From<RedisSessions> for Sessions {
    fn from(store: RedisSessions) -> Self {
        Self(Arc::new(store))
    }
}

fn version(value: &Value) -> Option<u64> {
    value.get(VERSION)?.as_u64()
}

/// Puts values back that are newer in the store than in what is to be saved.
fn keep_newer(record: &mut Record, stored: &Record) {
    for (key, value) in &mut record.data {
        if let Some(kept) = stored.data.get(key)
            && version(kept) > version(value)
        {
            *value = kept.clone();
        }
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.0.create(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        if !record.data.values().any(|value| version(value).is_some()) {
            return self.0.save(record).await;
        }
        let Some(stored) = self.0.load(&record.id).await? else {
            return Ok(());
        };
        let mut merged = record.clone();
        keep_newer(&mut merged, &stored);
        self.0.save(&merged).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.0.load(id).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.delete(id).await
    }
}
