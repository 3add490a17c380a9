use std::sync::Arc;

use async_trait::async_trait;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::Result,
};

use crate::{MemorySessions, RedisSessions};

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

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.0.create(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0.save(record).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.0.load(id).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.delete(id).await
    }
}
