use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::{Bucket, Limits, LimitsError, Verdict};

/// Most buckets that are remembered, beyond which those go that were used the longest ago; and most keys of which places are
/// held, beyond which nobody gets the first place of another key.
pub const MEMORY_CAPACITY: usize = 100_000;

/// Limits of one process.
#[derive(Debug, Default)]
pub struct MemoryLimits {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    buckets: HashMap<(&'static str, String), Filled>,
    places: HashMap<String, HashMap<String, Instant>>,
}

#[derive(Debug, Clone, Copy)]
struct Filled {
    tokens: f64,
    at: Instant,
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn take(&self, bucket: &Bucket, key: &str) -> Result<Verdict, LimitsError> {
        let now = Instant::now();
        let mut kept = self.kept.lock();
        if kept.buckets.len() >= MEMORY_CAPACITY {
            kept.forget_oldest();
        }
        let full = f64::from(bucket.burst);
        let filled = kept
            .buckets
            .entry((bucket.name, key.to_owned()))
            .or_insert(Filled {
                tokens: full,
                at: now,
            });
        let each = bucket.per.as_secs_f64() / f64::from(bucket.rate.max(1));
        let back = now.duration_since(filled.at).as_secs_f64() / each;
        filled.tokens = (filled.tokens + back).min(full);
        filled.at = now;
        if filled.tokens >= 1.0 {
            filled.tokens -= 1.0;
            Ok(Verdict::Granted)
        } else {
            let missing = (1.0 - filled.tokens) * each;
            Ok(Verdict::Refused {
                retry_after: Duration::from_secs_f64(missing),
            })
        }
    }

    async fn hold(
        &self,
        key: &str,
        holder: &str,
        most: usize,
        ttl: Duration,
    ) -> Result<bool, LimitsError> {
        let now = Instant::now();
        let mut kept = self.kept.lock();
        if !kept.places.contains_key(key) && kept.places.len() >= MEMORY_CAPACITY {
            kept.places.retain(|_, places| {
                places.retain(|_, until| *until > now);
                !places.is_empty()
            });
            if kept.places.len() >= MEMORY_CAPACITY {
                return Err(LimitsError(format!(
                    "places of {MEMORY_CAPACITY} keys are held"
                )));
            }
        }
        let places = kept.places.entry(key.to_owned()).or_default();
        places.retain(|_, until| *until > now);
        let granted = places.contains_key(holder) || places.len() < most;
        if granted {
            places.insert(holder.to_owned(), now + ttl);
        } else if places.is_empty() {
            kept.places.remove(key);
        }
        Ok(granted)
    }

    async fn release(&self, key: &str, holder: &str) -> Result<(), LimitsError> {
        let mut kept = self.kept.lock();
        if let Some(places) = kept.places.get_mut(key) {
            places.remove(holder);
            if places.is_empty() {
                kept.places.remove(key);
            }
        }
        Ok(())
    }
}

impl Kept {
    fn forget_oldest(&mut self) {
        let mut ages: Vec<_> = self.buckets.values().map(|filled| filled.at).collect();
        let (_, middle, _) = ages.select_nth_unstable(MEMORY_CAPACITY / 2);
        let middle = *middle;
        self.buckets.retain(|_, filled| filled.at > middle);
    }
}
