mod seal;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::try_join;
use parking_lot::Mutex;
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use tracing::debug;

use crate::{
    marks::Marks,
    sessions::{keep_newer, version},
    tag,
};
use seal::Seal;
pub use seal::{LONGEST_VALUE, Sealing};

/// Sessions that lie whole in the browser's cookie. One request's: it carries what came with the request, and at the end what
/// the answer has to set. What a cookie can't be told lies in the marks, which all replicas share.
pub struct CookieSessions {
    seal: Arc<Seal>,
    marks: Arc<dyn Marks>,
    /// How long marks are needed: no copy of a cookie lives longer than a session's life after it was sealed, and what was
    /// under way when the mark was set has long ended after a second one.
    marked_for: Duration,
    /// `None` outside of a request, where nothing can be carried.
    carried: Option<Mutex<Option<Record>>>,
}

impl CookieSessions {
    /// Sessions without a request, whose marks lie there.
    pub fn new(sealing: &Sealing, marks: Arc<dyn Marks>) -> Self {
        Self {
            seal: Arc::new(Seal::new(sealing)),
            marks,
            marked_for: sealing.ttl * 2,
            carried: None,
        }
    }

    /// The same for one request, which came with this record.
    pub(crate) fn carrying(&self, record: Option<Record>) -> Self {
        Self {
            seal: Arc::clone(&self.seal),
            marks: Arc::clone(&self.marks),
            marked_for: self.marked_for,
            carried: Some(Mutex::new(record)),
        }
    }

    /// What a cookie holds; `None` if it was not sealed with our secrets.
    pub(crate) fn open(&self, cookie: &str) -> Option<Record> {
        self.seal.open(cookie)
    }

    /// What is carried.
    pub(crate) fn record(&self) -> Option<Record> {
        self.carried.as_ref()?.lock().clone()
    }

    /// What the cookie has to hold.
    pub(crate) fn sealed(&self) -> Option<String> {
        self.seal.seal(&self.record()?).ok()
    }

    fn live(&self, id: &Id) -> Option<Record> {
        let now = OffsetDateTime::now_utc();
        self.record()
            .filter(|record| record.id == *id && record.expiry_date > now)
    }

    fn carry(&self, record: Option<Record>) -> Result<()> {
        let Some(carried) = &self.carried else {
            let message = "no request, so there is no cookie to put a session into";
            return Err(Error::Backend(message.to_owned()));
        };
        *carried.lock() = record;
        Ok(())
    }
}

impl fmt::Debug for CookieSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieSessions")
    }
}

/// The mark that says that a session is over, whatever copies of its cookie are left.
fn over_key(id: &Id) -> String {
    format!("over:{}", tag(id))
}

/// The mark with values of a session that are newer than those in some copies of its cookie.
fn newer_key(id: &Id) -> String {
    format!("newer:{}", tag(id))
}

/// The values of a record that count their changes and were changed since.
fn newer(record: &Record, before: &Record) -> serde_json::Map<String, Value> {
    let changed = record.data.iter().filter(|(key, value)| {
        let before = before.data.get(*key).and_then(version);
        version(value) > before
    });
    changed
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[async_trait]
impl SessionStore for CookieSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while self.record().is_some_and(|taken| taken.id == record.id) {
            record.id = Id::default();
        }
        self.seal.seal(record)?;
        self.carry(Some(record.clone()))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.seal.seal(record)?;
        let Some(before) = self.load(&record.id).await? else {
            debug!("a session was deleted while a request was using it; nothing was saved");
            return Ok(());
        };
        let newer = newer(record, &before);
        if !newer.is_empty() {
            // Told to the other copies before this one counts: a stream renews tokens and can't set a cookie.
            let newer = Value::Object(newer).to_string();
            let key = newer_key(&record.id);
            self.marks.mark(&key, &newer, self.marked_for).await?;
        }
        self.carry(Some(record.clone()))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(mut record) = self.live(id) else {
            return Ok(None);
        };
        let (over, newer) = (over_key(id), newer_key(id));
        let asked = try_join(self.marks.marked(&over), self.marks.marked(&newer));
        let (over, newer) = asked.await?;
        if over.is_some() {
            return Ok(None);
        }
        if let Some(newer) = newer.and_then(|newer| serde_json::from_str(&newer).ok()) {
            keep_newer(&mut record, &newer);
        }
        Ok(Some(record))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.marks
            .mark(&over_key(id), "over", self.marked_for)
            .await?;
        if self.record().is_some_and(|carried| carried.id == *id) {
            self.carry(None)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Marks for CookieSessions {
    async fn mark(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        self.marks.mark(key, value, ttl).await
    }

    async fn marked(&self, key: &str) -> Result<Option<String>> {
        self.marks.marked(key).await
    }
}
