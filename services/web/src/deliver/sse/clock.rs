use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::frames::within;
use crate::state::AppState;

/// How often an idle stream says something.
const PING: Duration = Duration::from_secs(15);

/// How old a stream may become: each draws its own age, so that replicas that came later get their share.
const MAX_AGE: (Duration, Duration) = (Duration::from_secs(45 * 60), Duration::from_secs(75 * 60));

/// How many streams are closed in a second while draining.
const CLOSES_PER_SECOND: u32 = 500;

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
    close: Option<Instant>,
    grace: Duration,
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
    pub(super) fn new(state: &AppState) -> Self {
        let now = Instant::now();
        let every = state.config.membership_ttl;
        Self {
            timer: Box::pin(sleep_until(now + PING)),
            ping: now + PING,
            // Streams that were opened together are not checked together.
            recheck: now + every / 2 + within(every),
            end: now + MAX_AGE.0 + within(MAX_AGE.1),
            every,
            close: None,
            grace: state.config.grace,
        }
    }

    /// Draws the slot in which the stream is closed, as one of so many; once.
    pub(super) fn drain(&mut self, streams: usize) {
        if self.close.is_none() {
            let needed = Duration::from_secs(1) * (streams as u32) / CLOSES_PER_SECOND;
            let window = needed.clamp(Duration::from_millis(100), self.grace.mul_f64(DRAIN_SHARE));
            self.close = Some(Instant::now() + within(window));
        }
    }

    /// The next thing that is due; otherwise wakes the task when something is.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            let now = Instant::now();
            if self.close.is_some_and(|close| close <= now) {
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
            let next = self.close.map_or(next, |close| next.min(close));
            if self.timer.deadline() != next {
                self.timer.as_mut().reset(next);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
