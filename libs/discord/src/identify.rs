use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use crate::ShardId;

/// Discord allows one IDENTIFY per key within 5 s, measured where it arrives: the rest is for the
/// network's jitter.
const INTERVAL: Duration = Duration::from_millis(5_250);

/// Sessions may be started this long after `total` was granted (Gateway, "Session Start Limit").
const BUDGET_PERIOD: Duration = Duration::from_hours(24);

/// More keys than Discord grants to anybody; bounds what a wrong answer could make us allocate.
const MAX_KEYS: u32 = 4096;

/// The budget is used up down to the reserve: no session may be started before it is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("session starts used up down to the reserve, more in {} s", resets_in.as_secs())]
pub struct BudgetExhausted {
    /// Until it is renewed.
    pub resets_in: Duration,
}

/// Says when a shard may send IDENTIFY.
#[async_trait]
pub trait IdentifyLimiter: Send + Sync + 'static {
    /// Waits until this shard may identify, and counts it. The IDENTIFY must follow at once.
    ///
    /// Must never let through more than Discord allows: beyond that Discord ends all sessions and
    /// resets the token. May be dropped while waiting; then nothing is counted.
    async fn permit(&self, shard: ShardId) -> Result<(), BudgetExhausted>;
}

/// How many sessions a bot may start (Gateway, "Session Start Limit Object").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct SessionStartLimit {
    /// Per day.
    pub total: u32,
    /// Left of today's.
    pub remaining: u32,
    /// Milliseconds until `remaining` is `total` again; 0 where none was started yet.
    #[serde(default)]
    pub reset_after: u64,
    /// How many may identify at the same time; at least 1.
    #[serde(default)]
    pub max_concurrency: u32,
}

/// The limiter of a process that owns all shards of its bot.
pub struct LocalIdentifyLimiter {
    /// When an IDENTIFY of this key was last permitted.
    keys: Vec<tokio::sync::Mutex<Option<Instant>>>,
    budget: Mutex<Budget>,
    interval: Duration,
}

impl LocalIdentifyLimiter {
    /// A limiter that starts with what `/gateway/bot` told, and keeps a twentieth in reserve for
    /// people who have to repair something.
    pub fn new(limit: &SessionStartLimit) -> Self {
        let keys = limit.max_concurrency.clamp(1, MAX_KEYS);
        Self {
            keys: (0..keys).map(|_| tokio::sync::Mutex::new(None)).collect(),
            budget: Mutex::new(Budget::new(limit, Instant::now())),
            interval: INTERVAL,
        }
    }

    /// Uses another interval per key.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Takes over what `/gateway/bot` tells now; other processes may have started sessions too.
    pub fn update(&self, limit: &SessionStartLimit) {
        *self.budget() = Budget::new(limit, Instant::now());
    }

    fn budget(&self) -> std::sync::MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl IdentifyLimiter for LocalIdentifyLimiter {
    async fn permit(&self, shard: ShardId) -> Result<(), BudgetExhausted> {
        let key = shard.id as usize % self.keys.len();
        self.budget().check(Instant::now())?;
        let mut last = self.keys[key].lock().await;
        if let Some(last) = *last {
            sleep_until(last + self.interval).await;
        }
        let now = Instant::now();
        self.budget().take(now)?;
        *last = Some(now);
        Ok(())
    }
}

impl fmt::Debug for LocalIdentifyLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalIdentifyLimiter")
            .field("keys", &self.keys.len())
            .field("budget", &*self.budget())
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Budget {
    total: u32,
    remaining: u32,
    reserve: u32,
    renewed_at: Instant,
}

impl Budget {
    fn new(limit: &SessionStartLimit, now: Instant) -> Self {
        let period = match limit.reset_after {
            0 => BUDGET_PERIOD,
            ms => Duration::from_millis(ms).min(BUDGET_PERIOD),
        };
        Self {
            total: limit.total,
            remaining: limit.remaining,
            reserve: limit.total / 20,
            renewed_at: now + period,
        }
    }

    fn check(&mut self, now: Instant) -> Result<(), BudgetExhausted> {
        if now >= self.renewed_at {
            self.remaining = self.total;
            self.renewed_at = now + BUDGET_PERIOD;
        }
        if self.remaining <= self.reserve {
            return Err(BudgetExhausted {
                resets_in: self.renewed_at.saturating_duration_since(now),
            });
        }
        Ok(())
    }

    fn take(&mut self, now: Instant) -> Result<(), BudgetExhausted> {
        self.check(now)?;
        self.remaining -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
