use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::Result,
};
use uuid::Uuid;

use crate::{CookieSessions, MemorySessions, PostgresSessions, RedisSessions, marks::Marks};

/// The field that counts the changes of a value within a session. A save does not replace such a value by an older one: who
/// read the session before another request changed the value keeps that change.
pub const VERSION: &str = "version";

/// Key of the [`Owner`] in a session.
pub const OWNER: &str = "owner";

/// Whose a session is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The user's id.
    pub user: String,
    /// What [`Sessions::round`] said when the session began: it is over as soon as another round has begun.
    pub round: Option<String>,
}

/// The sessions of a deployment. Clones share them.
#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn SessionStore>,
    marks: Arc<dyn Marks>,
    /// The same adapter, if it keeps sessions in cookies.
    cookie: Option<Arc<CookieSessions>>,
}

impl Sessions {
    /// Over an adapter.
    pub fn new(adapter: impl SessionStore + Marks) -> Self {
        let adapter = Arc::new(adapter);
        Self {
            store: Arc::clone(&adapter) as Arc<dyn SessionStore>,
            marks: adapter,
            cookie: None,
        }
    }

    fn in_cookie(adapter: CookieSessions) -> Self {
        let adapter = Arc::new(adapter);
        Self {
            store: Arc::clone(&adapter) as Arc<dyn SessionStore>,
            marks: Arc::clone(&adapter) as Arc<dyn Marks>,
            cookie: Some(adapter),
        }
    }

    /// The sessions for one request, which came with this value of a cookie; and the id of the session that the value holds.
    /// Where the cookie holds an id only, `None` and the same sessions as for everybody.
    pub fn with_cookie(&self, value: Option<&str>) -> (Self, Option<Id>) {
        let Some(cookie) = &self.cookie else {
            return (self.clone(), None);
        };
        let record = value.and_then(|value| cookie.open(value));
        let id = record.as_ref().map(|record| record.id);
        (Self::in_cookie(cookie.carrying(record)), id)
    }

    /// What the cookie of a request's answer has to hold; `None` where it holds the session's id only.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.as_ref()?.sealed()
    }

    /// The session that a request carries, for whoever goes on with it without the cookie ([`Sessions::with_record`]); `None`
    /// where its id is enough.
    pub fn carried(&self) -> Option<Record> {
        self.cookie.as_ref()?.record()
    }

    /// The sessions for whoever goes on with a request's session ([`Sessions::carried`]).
    #[must_use]
    pub fn with_record(&self, record: Option<Record>) -> Self {
        match &self.cookie {
            Some(cookie) => Self::in_cookie(cookie.carrying(record)),
            None => self.clone(),
        }
    }

    /// Whether the session exists, for streams that outlive the request that opened them. An error says nothing either way.
    pub async fn is_live(&self, id: &Id) -> Result<bool> {
        Ok(self.load(id).await?.is_some())
    }

    /// The round that a user's new sessions belong to: for their [`Owner`].
    pub async fn round(&self, user: &str) -> Result<Option<String>> {
        self.marks.marked(&round_key(user)).await
    }

    /// Ends all sessions of a user, wherever they are: a new round begins. `ttl` is how long a session lasts without use; what
    /// belongs to an older round can't be used and so does not outlast it.
    pub async fn end_all(&self, user: &str, ttl: Duration) -> Result<()> {
        let round = Uuid::new_v4().to_string();
        self.marks.mark(&round_key(user), &round, ttl * 2).await
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<()> {
        match &self.cookie {
            Some(_) => self.marks.marked("ping").await.map(|_| ()),
            None => self.store.load(&Id(0)).await.map(|_| ()),
        }
    }

    /// Whether a record belongs to a round that is over.
    async fn is_over(&self, record: &Record) -> Result<bool> {
        let owner = record.data.get(OWNER).cloned();
        let Some(owner) = owner.and_then(|owner| serde_json::from_value::<Owner>(owner).ok())
        else {
            return Ok(false);
        };
        // Without a mark no round was ended for so long that nothing of an older one is left.
        let round = self.round(&owner.user).await?;
        Ok(round.is_some() && round != owner.round)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sessions").field(&self.store).finish()
    }
}

impl From<CookieSessions> for Sessions {
    fn from(store: CookieSessions) -> Self {
        Self::in_cookie(store)
    }
}

impl From<MemorySessions> for Sessions {
    fn from(store: MemorySessions) -> Self {
        Self::new(store)
    }
}

impl From<RedisSessions> for Sessions {
    fn from(store: RedisSessions) -> Self {
        Self::new(store)
    }
}

impl From<PostgresSessions> for Sessions {
    fn from(store: PostgresSessions) -> Self {
        Self::new(store)
    }
}

fn round_key(user: &str) -> String {
    format!("round:{user}")
}

pub(crate) fn version(value: &Value) -> Option<u64> {
    value.get(VERSION)?.as_u64()
}

/// Puts values back that are newer in the store than in what is to be saved.
pub(crate) fn keep_newer(record: &mut Record, stored: &HashMap<String, Value>) {
    for (key, value) in &mut record.data {
        if let Some(kept) = stored.get(key)
            && version(kept) > version(value)
        {
            *value = kept.clone();
        }
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.store.create(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        if !record.data.values().any(|value| version(value).is_some()) {
            return self.store.save(record).await;
        }
        let Some(stored) = self.store.load(&record.id).await? else {
            return Ok(());
        };
        let mut merged = record.clone();
        keep_newer(&mut merged, &stored.data);
        self.store.save(&merged).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(record) = self.store.load(id).await? else {
            return Ok(None);
        };
        if self.is_over(&record).await? {
            self.store.delete(id).await?;
            return Ok(None);
        }
        Ok(Some(record))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.store.delete(id).await
    }
}
