use std::time::{Duration, Instant};

use contracts::EventId;
use fred::types::Value;

use crate::{
    BusError,
    redis::{calls::Calls, decode, scripts, seen::Seen},
};

/// How long a tick may be under way.
const TICK_TIMEOUT: Duration = Duration::from_secs(3);

/// Draws ids and sends them through Redis to one subscription, on a connection that publishers' scripts take too.
#[derive(Debug)]
pub(super) struct Ticker {
    calls: Calls,
    seen: Seen,
    channel: String,
}

impl Ticker {
    pub(super) fn new(calls: Calls, seen: Seen, channel: &str) -> Self {
        Self {
            calls,
            seen,
            channel: channel.to_owned(),
        }
    }

    pub(super) async fn tick(&self) -> Result<EventId, BusError> {
        let above = self.seen.highest().to_string();
        let arguments: Vec<Value> = vec![above.into(), self.channel.clone().into()];
        let reply = self.calls.run("tick", &scripts::TICK, arguments).await?;
        let id = decode::clock(&reply)?;
        self.seen.raise(id);
        Ok(id)
    }
}

/// The ticks that are under way: they come back, or the subscription is detached from where others publish.
#[derive(Debug)]
pub(super) struct Ticks {
    latest: EventId,
    /// What was begun before may have been left out with what is read from the log.
    counts_from: Instant,
    expected: Option<(EventId, Instant)>,
}

impl Ticks {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            latest: EventId::ZERO,
            counts_from: now,
            expected: None,
        }
    }

    /// This one was begun at `begun`. While another is under way it adds nothing.
    pub(super) fn expect(&mut self, tick: EventId, begun: Instant, now: Instant) {
        if tick > self.latest && begun > self.counts_from && self.expected.is_none() {
            self.expected = Some((tick, now + TICK_TIMEOUT));
        }
    }

    pub(super) fn arrived(&mut self, tick: EventId) {
        self.latest = tick.max(self.latest);
        self.expected = self.expected.filter(|(expected, _)| *expected > tick);
    }

    /// What is under way may be lost, and that is known.
    pub(super) fn forget(&mut self, now: Instant) {
        self.counts_from = now;
        self.expected = None;
    }

    pub(super) fn one_is_missing(&self, now: Instant) -> bool {
        self.expected.is_some_and(|(_, deadline)| deadline <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Duration = Duration::from_secs(20);
    const SOON: Duration = Duration::from_millis(1);

    fn id(n: u64) -> EventId {
        EventId::new(n, 0)
    }

    #[test]
    fn a_tick_that_does_not_come_back_is_missing() {
        let start = Instant::now();
        let mut ticks = Ticks::new(start);
        ticks.expect(id(1), start + SOON, start + SOON);
        assert!(!ticks.one_is_missing(start + SOON));
        // later ones do not push its deadline out
        ticks.expect(id(2), start + LATER, start + LATER);
        assert!(ticks.one_is_missing(start + LATER));
    }

    #[test]
    fn a_tick_that_came_back_is_not_missing_also_if_it_was_expected_late() {
        let start = Instant::now();
        let mut ticks = Ticks::new(start);
        ticks.expect(id(1), start + SOON, start + SOON);
        ticks.arrived(id(2));
        ticks.expect(id(2), start + SOON, start + SOON);
        assert!(!ticks.one_is_missing(start + LATER));
    }

    #[test]
    fn a_tick_that_was_begun_before_an_interruption_need_not_come_back() {
        let start = Instant::now();
        let mut ticks = Ticks::new(start);
        ticks.expect(id(1), start + SOON, start + SOON);
        ticks.forget(start + SOON * 2);
        ticks.expect(id(2), start + SOON, start + SOON * 3);
        assert!(!ticks.one_is_missing(start + LATER));
        ticks.expect(id(3), start + SOON * 3, start + SOON * 3);
        assert!(ticks.one_is_missing(start + LATER));
    }
}
