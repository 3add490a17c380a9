use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use rand::Rng;

/// How often an idle stream says something.
const PING: Duration = Duration::from_secs(15);

/// How old a stream becomes at least, and by how much more at most: each draws its own age, so that replicas that came later
/// get their share.
const MAX_AGE: (Duration, Duration) = (Duration::from_secs(45 * 60), Duration::from_secs(30 * 60));

/// How long an old stream stays at least while the bus or the session store is away.
const POSTPONE: Duration = Duration::from_secs(60);

/// How many browsers come back in a second while draining.
const RETURNS_PER_SECOND: u32 = 500;

/// The shortest time over which streams are closed.
const SHORTEST_DRAIN: Duration = Duration::from_millis(100);

/// The part of the grace period in which streams are closed.
const DRAIN_SHARE: f64 = 0.6;

/// What a stream has to do at a time of its own, with one timer for all of it.
#[derive(Debug)]
pub(super) struct Schedule {
    timer: Pin<Box<Sleep>>,
    ping: Instant,
    recheck: Instant,
    end: Instant,
    every: Duration,
    close: Option<Close>,
    grace: Duration,
}

/// A stream's slot of the drain.
#[derive(Debug, Clone, Copy)]
struct Close {
    at: Instant,
    /// How much later than usual browsers may come back, so that all slots and all pauses together spread them enough.
    late: Duration,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Say that the stream lives.
    Ping,
    /// Look whether the user is still a member.
    Recheck,
    /// The stream is old enough.
    Age,
    /// The stream's slot of the drain has come.
    Close,
}

impl Schedule {
    pub(super) fn new(every: Duration, grace: Duration) -> Self {
        let now = Instant::now();
        Self {
            timer: Box::pin(sleep_until(now + PING)),
            ping: now + PING,
            // Streams that were opened together are not checked together.
            recheck: now + every / 2 + within(every),
            end: now + MAX_AGE.0 + within(MAX_AGE.1),
            every,
            close: None,
            grace,
        }
    }

    /// Draws the slot in which the stream is closed, as one of so many; once.
    pub(super) fn drain(&mut self, streams: usize) {
        if self.close.is_none() {
            let (window, late) = spread(streams, self.grace);
            let at = Instant::now() + within(window);
            self.close = Some(Close { at, late });
        }
    }

    /// How much later than usual the browser may be asked to come back.
    pub(super) fn late(&self) -> Duration {
        self.close.map_or(Duration::ZERO, |close| close.late)
    }

    /// The stream is old, but now is no time to leave.
    pub(super) fn postpone(&mut self) {
        self.end = Instant::now() + POSTPONE + within(POSTPONE);
    }

    /// The next thing that is due; otherwise wakes the task when something is.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            let now = Instant::now();
            if self.close.is_some_and(|close| close.at <= now) {
                return Poll::Ready(Due::Close);
            }
            if self.end <= now {
                return Poll::Ready(Due::Age);
            }
            if self.recheck <= now {
                self.recheck = now + self.every;
                return Poll::Ready(Due::Recheck);
            }
            if self.ping <= now {
                self.ping = now + PING;
                return Poll::Ready(Due::Ping);
            }
            let next = self.ping.min(self.recheck).min(self.end);
            let next = self.close.map_or(next, |close| next.min(close.at));
            if self.timer.deadline() != next {
                self.timer.as_mut().reset(next);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

/// A random part of a window.
fn within(window: Duration) -> Duration {
    window.mul_f64(rand::rng().random_range(0.0..1.0))
}

/// Over how long so many streams are closed, and over how much more their browsers come back: together long enough for all.
fn spread(streams: usize, grace: Duration) -> (Duration, Duration) {
    let needed =
        Duration::from_secs(1) * streams.try_into().unwrap_or(u32::MAX) / RETURNS_PER_SECOND;
    let window = needed.clamp(
        SHORTEST_DRAIN,
        grace.mul_f64(DRAIN_SHARE).max(SHORTEST_DRAIN),
    );
    (window, needed.saturating_sub(window))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const GRACE: Duration = Duration::from_secs(30);

    #[test]
    fn a_drain_is_spread_over_as_long_as_the_streams_need() {
        for (streams, window, late) in [(0, 100, 0), (1_000, 2_000, 0), (20_000, 18_000, 22_000)] {
            let expected = (Duration::from_millis(window), Duration::from_millis(late));
            assert_eq!(spread(streams, GRACE), expected, "{streams}");
        }
        assert_eq!(spread(5, Duration::ZERO), (SHORTEST_DRAIN, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_draws_one_slot_and_keeps_it() {
        let (begun, mut schedule) = (Instant::now(), Schedule::new(GRACE, GRACE));
        schedule.drain(20_000);
        let first = schedule.close.unwrap().at;
        schedule.drain(1);
        assert_eq!(schedule.close.unwrap().at, first);
        while poll_fn(|cx| schedule.poll(cx)).await != Due::Close {}
        assert!(begun.elapsed() <= GRACE.mul_f64(DRAIN_SHARE));
        assert_eq!(schedule.late(), Duration::from_secs(22));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_checked_pinged_and_ends_at_an_age_of_its_own() {
        let mut ages = Vec::new();
        for _ in 0..8 {
            let (begun, mut schedule) = (Instant::now(), Schedule::new(PING * 4, GRACE));
            let (mut pings, mut checks) = (0, 0);
            loop {
                match poll_fn(|cx| schedule.poll(cx)).await {
                    Due::Ping => pings += 1,
                    Due::Recheck => checks += 1,
                    Due::Age => break,
                    Due::Close => panic!("nobody asked for that"),
                }
            }
            let age = begun.elapsed();
            assert!(age >= MAX_AGE.0 && age <= MAX_AGE.0 + MAX_AGE.1);
            assert!(pings >= 4 * checks - 8 && checks >= 44, "{pings} {checks}");
            schedule.postpone();
            let postponed = Instant::now();
            while poll_fn(|cx| schedule.poll(cx)).await != Due::Age {}
            assert!(postponed.elapsed() >= POSTPONE && postponed.elapsed() <= POSTPONE * 2);
            ages.push(age);
        }
        ages.dedup();
        assert!(ages.len() > 1, "each draws its own age");
    }
}
