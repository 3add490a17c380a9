use std::time::Duration;

use crate::Timing;

/// The waits between attempts: 1, 2, 4, 8, 16 s and then always 16 s at most, with full jitter.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    min: Duration,
    waits: u32,
}

impl Backoff {
    pub(crate) fn new(timing: &Timing) -> Self {
        Self {
            first: timing.backoff_first,
            max: timing.backoff_max,
            min: timing.backoff_min,
            waits: 0,
        }
    }

    /// A success. An open socket alone is none, nor a session that dies at once: else a Gateway
    /// that accepts and hangs up would be stormed.
    pub(crate) fn reset(&mut self) {
        self.waits = 0;
    }

    /// The longest the next wait can be.
    fn ceiling(&self) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.waits.min(30));
        doubled.min(self.max).max(self.min)
    }

    /// One of the longest waits, whatever was tried before.
    pub(crate) fn longest_wait(&self) -> Duration {
        between(self.max / 2, self.max)
    }

    /// The next wait.
    pub(crate) fn next_wait(&mut self) -> Duration {
        let wait = between(self.min, self.ceiling());
        self.waits = self.waits.saturating_add(1);
        wait
    }
}

/// A random duration, both ends included.
pub(crate) fn between(low: Duration, high: Duration) -> Duration {
    low + high
        .saturating_sub(low)
        .mul_f64(rand::random_range(0.0..=1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ceilings_double_up_to_sixteen_seconds() {
        let mut backoff = Backoff::new(&Timing::default());
        let mut seconds = vec![];
        for _ in 0..7 {
            seconds.push(backoff.ceiling().as_secs());
            backoff.next_wait();
        }
        assert_eq!(seconds, [1, 2, 4, 8, 16, 16, 16]);
    }

    #[test]
    fn only_a_reset_brings_the_first_ceiling_back() {
        let mut backoff = Backoff::new(&Timing::default());
        backoff.next_wait();
        assert_eq!(backoff.ceiling(), Duration::from_secs(2));
        backoff.reset();
        assert_eq!(backoff.ceiling(), Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_bounds(waits in 0_u32..1000) {
            let mut backoff = Backoff { waits, ..Backoff::new(&Timing::default()) };
            let ceiling = backoff.ceiling();
            let wait = backoff.next_wait();
            prop_assert!(wait >= Duration::from_millis(500));
            prop_assert!(wait <= ceiling);
        }
    }
}
