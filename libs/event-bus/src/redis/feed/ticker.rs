use std::time::{Duration, Instant};

use contracts::EventId;
use fred::types::Value;

use crate::{
    BusError,
    redis::{calls::Calls, decode, scripts, seen::Seen},
};

/// How long a tick may be under way.
const TICK_TIMEOUT: Duration = Duration::from_secs(2);

/// Ticks that may be missing in a row before the connection is given up and made anew: one may have been left out
/// together with what is read from the log.
const MISSING_TICKS: u32 = 2;

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
#[derive(Debug, Default)]
pub(super) struct Ticks {
    latest: EventId,
    expected: Option<(EventId, Instant)>,
    missing: u32,
}

impl Ticks {
    pub(super) fn expect(&mut self, tick: EventId, now: Instant) {
        if tick > self.latest && self.expected.is_none() {
            self.expected = Some((tick, now + TICK_TIMEOUT));
        }
    }

    pub(super) fn arrived(&mut self, tick: EventId) {
        self.latest = tick.max(self.latest);
        self.missing = 0;
        if self.expected.is_some_and(|(expected, _)| expected <= tick) {
            self.expected = None;
        }
    }

    /// What is under way may be lost, and that is known.
    pub(super) fn forget(&mut self) {
        self.expected = None;
        self.missing = 0;
    }

    /// Whether too many are missing by now.
    pub(super) fn are_missing(&mut self, now: Instant) -> bool {
        if self.expected.is_some_and(|(_, deadline)| deadline <= now) {
            self.expected = None;
            self.missing += 1;
        }
        self.missing >= MISSING_TICKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Duration = Duration::from_secs(20);

    fn id(n: u64) -> EventId {
        EventId::new(n, 0)
    }

    #[test]
    fn two_ticks_that_do_not_come_back_are_too_many() {
        let (mut ticks, now) = (Ticks::default(), Instant::now());
        ticks.expect(id(1), now);
        assert!(!ticks.are_missing(now) && !ticks.are_missing(now + LATER));
        ticks.expect(id(2), now);
        assert!(ticks.are_missing(now + LATER));
        ticks.forget();
        assert!(!ticks.are_missing(now + LATER));
    }

    #[test]
    fn a_tick_that_came_back_is_missing_no_more_also_before_it_is_expected() {
        let (mut ticks, now) = (Ticks::default(), Instant::now());
        ticks.expect(id(1), now);
        assert!(!ticks.are_missing(now + LATER));
        ticks.arrived(id(2));
        ticks.expect(id(2), now);
        ticks.expect(id(3), now);
        ticks.arrived(id(3));
        for _ in 0..MISSING_TICKS {
            assert!(!ticks.are_missing(now + LATER));
        }
    }
}
