//! How often sessions may be started. Source: the page Gateway, "Session Start Limit", "Rate Limiting".

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::config::Config;

/// When the budget of session starts is renewed.
const PERIOD: Duration = Duration::from_secs(24 * 60 * 60);

/// Clients measure the interval from their own sends; the way here may shorten it by so much.
const TOLERANCE: Duration = Duration::from_millis(250);

/// The identify limiter per shard and the daily budget.
#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) max_concurrency: u32,
    pub(crate) total: u32,
    pub(crate) remaining: u32,
    interval: Duration,
    renewal: Instant,
    /// Limiter key → the last IDENTIFY.
    identified: BTreeMap<u64, Instant>,
}

/// What the budget says to an IDENTIFY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Granted,
    TooFast,
    /// The last start of the day was used up: the token is reset.
    Exhausted,
}

impl Budget {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            max_concurrency: config.max_concurrency.max(1),
            total: config.session_budget,
            remaining: config.session_budget,
            interval: config.identify_interval.saturating_sub(TOLERANCE),
            renewal: Instant::now() + PERIOD,
            identified: BTreeMap::new(),
        }
    }

    /// Counts an IDENTIFY of a shard. One that is refused for its speed costs nothing.
    pub(crate) fn start(&mut self, shard: u64) -> Start {
        let now = Instant::now();
        self.renew(now);
        let key = shard % u64::from(self.max_concurrency);
        let fast = self
            .identified
            .get(&key)
            .is_some_and(|last| now.duration_since(*last) < self.interval);
        if fast {
            return Start::TooFast;
        }
        self.identified.insert(key, now);
        self.remaining = self.remaining.saturating_sub(1);
        if self.remaining == 0 {
            Start::Exhausted
        } else {
            Start::Granted
        }
    }

    /// Until the budget is full again, in ms.
    pub(crate) fn reset_after_millis(&mut self) -> u64 {
        let now = Instant::now();
        self.renew(now);
        self.renewal.duration_since(now).as_millis() as u64
    }

    /// Fills the budget (after a token reset).
    pub(crate) fn refill(&mut self) {
        self.remaining = self.total;
        self.identified.clear();
    }

    fn renew(&mut self, now: Instant) {
        if now >= self.renewal {
            self.renewal = now + PERIOD;
            self.remaining = self.total;
        }
    }
}
