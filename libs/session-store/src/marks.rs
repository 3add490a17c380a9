use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::Instant;
use tower_sessions::session_store::Result;

/// Marks that are kept in memory; beyond it the one goes that would expire first.
pub const MARKS_CAPACITY: usize = 50_000;

/// Words kept beside the sessions for a while, where the sessions are: what ends sessions that are not at hand.
#[async_trait]
pub trait Marks: Send + Sync + 'static {
    /// Sets a mark for so long; another one under the same key is replaced.
    async fn mark(&self, key: &str, value: &str, ttl: Duration) -> Result<()>;

    /// The mark under a key. An error says nothing either way.
    async fn marked(&self, key: &str) -> Result<Option<String>>;
}

/// The marks of one process.
#[derive(Debug, Default)]
pub struct MemoryMarks {
    kept: Mutex<HashMap<String, (String, Instant)>>,
}

#[async_trait]
impl Marks for MemoryMarks {
    async fn mark(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        let now = Instant::now();
        let mut kept = self.kept.lock();
        if kept.len() >= MARKS_CAPACITY && !kept.contains_key(key) {
            kept.retain(|_, (_, until)| *until > now);
            if kept.len() >= MARKS_CAPACITY {
                let first = kept.iter().min_by_key(|(_, (_, until))| *until);
                let first = first.map(|(key, _)| key.clone());
                first.map(|key| kept.remove(&key));
            }
        }
        kept.insert(key.to_owned(), (value.to_owned(), now + ttl));
        Ok(())
    }

    async fn marked(&self, key: &str) -> Result<Option<String>> {
        let kept = self.kept.lock();
        let mark = kept.get(key).filter(|(_, until)| *until > Instant::now());
        Ok(mark.map(|(value, _)| value.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_mark_that_expires_first_makes_room_for_a_further_one() {
        let marks = MemoryMarks::default();
        for n in 0..MARKS_CAPACITY as u64 {
            let ttl = Duration::from_secs(60 + n);
            marks.mark(&n.to_string(), "a", ttl).await.unwrap();
        }
        let minute = Duration::from_secs(60);
        marks.mark("new", "b", minute).await.unwrap();
        assert_eq!(marks.kept.lock().len(), MARKS_CAPACITY);
        assert_eq!(marks.marked("0").await.unwrap(), None);
        assert_eq!(marks.marked("1").await.unwrap().as_deref(), Some("a"));
        tokio::time::advance(minute).await;
        assert_eq!(marks.marked("new").await.unwrap(), None, "its time is over");
    }
}
