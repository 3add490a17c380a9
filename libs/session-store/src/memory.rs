use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::Result,
};

use crate::marks::{Marks, MemoryMarks};

/// How many sessions are kept in memory; a further one pushes out the one that would expire first.
pub const MEMORY_CAPACITY: usize = 50_000;

/// The sessions of one process; its restart signs everybody out.
#[derive(Default)]
pub struct MemorySessions {
    kept: Mutex<Kept>,
    marks: MemoryMarks,
}

/// The records, and their ids by expiry (the number of an id makes the order total).
#[derive(Default)]
struct Kept {
    records: HashMap<Id, Record>,
    by_expiry: BTreeSet<(OffsetDateTime, i128)>,
}

impl MemorySessions {
    /// A store without sessions.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many sessions it holds, expired ones that were not swept yet included.
    pub fn len(&self) -> usize {
        self.kept.lock().records.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for MemorySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySessions")
            .field("len", &self.len())
            .finish()
    }
}

impl Kept {
    fn put(&mut self, record: &Record) {
        self.by_expiry.insert((record.expiry_date, record.id.0));
        if let Some(former) = self.records.insert(record.id, record.clone())
            && former.expiry_date != record.expiry_date
        {
            self.by_expiry.remove(&(former.expiry_date, former.id.0));
        }
    }

    fn remove(&mut self, id: Id) {
        if let Some(record) = self.records.remove(&id) {
            self.by_expiry.remove(&(record.expiry_date, id.0));
        }
    }

    fn live(&self, id: Id) -> Option<&Record> {
        let record = self.records.get(&id)?;
        (record.expiry_date > OffsetDateTime::now_utc()).then_some(record)
    }

    /// Drops what has expired, and beyond that the ones that expire first, until `room` more fit.
    fn make_room(&mut self, room: usize) {
        let now = OffsetDateTime::now_utc();
        while let Some((expires, id)) = self.by_expiry.first().copied() {
            if expires > now && self.records.len() + room <= MEMORY_CAPACITY {
                break;
            }
            self.remove(Id(id));
        }
    }
}

#[async_trait]
impl SessionStore for MemorySessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut kept = self.kept.lock();
        kept.make_room(1);
        while kept.records.contains_key(&record.id) {
            record.id = Id::default();
        }
        kept.put(record);
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let mut kept = self.kept.lock();
        if kept.live(record.id).is_some() {
            kept.put(record);
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        Ok(self.kept.lock().live(*id).cloned())
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.kept.lock().remove(*id);
        Ok(())
    }
}

#[async_trait]
impl Marks for MemorySessions {
    async fn mark(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        self.marks.mark(key, value, ttl).await
    }

    async fn marked(&self, key: &str) -> Result<Option<String>> {
        self.marks.marked(key).await
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    fn record(seconds: i64) -> Record {
        Record {
            id: Id::default(),
            data: std::collections::HashMap::new(),
            expiry_date: OffsetDateTime::now_utc() + Duration::seconds(seconds),
        }
    }

    #[tokio::test]
    async fn the_one_that_expires_first_makes_room_for_a_further_one() {
        let store = MemorySessions::new();
        let mut first = record(60);
        store.create(&mut first).await.unwrap();
        let mut second = record(61);
        store.create(&mut second).await.unwrap();
        for _ in 2..MEMORY_CAPACITY {
            store.create(&mut record(3600)).await.unwrap();
        }
        assert_eq!(store.len(), MEMORY_CAPACITY);
        store.create(&mut record(3600)).await.unwrap();
        assert_eq!(store.len(), MEMORY_CAPACITY);
        assert_eq!(store.load(&first.id).await.unwrap(), None);
        assert_eq!(store.load(&second.id).await.unwrap(), Some(second));
    }

    #[tokio::test]
    async fn expired_sessions_are_swept_when_one_is_created() {
        let store = MemorySessions::new();
        for _ in 0..10 {
            store.create(&mut record(-1)).await.unwrap();
        }
        store.create(&mut record(60)).await.unwrap();
        assert_eq!(store.len(), 1);
    }

    #[tokio::test]
    async fn both_indexes_agree_after_a_save_that_moves_the_expiry() {
        let store = MemorySessions::new();
        let mut moved = record(60);
        store.create(&mut moved).await.unwrap();
        moved.expiry_date += Duration::seconds(60);
        store.save(&moved).await.unwrap();
        store.save(&moved).await.unwrap();
        assert_eq!(store.kept.lock().by_expiry.len(), 1);
        store.delete(&moved.id).await.unwrap();
        assert!(store.is_empty() && store.kept.lock().by_expiry.is_empty());
    }

    #[test]
    fn what_is_printed_holds_no_session() {
        let store = MemorySessions::new();
        assert_eq!(format!("{store:?}"), "MemorySessions { len: 0 }");
    }
}
