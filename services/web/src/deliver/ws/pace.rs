use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::hub::{MOST_WAITING, WARN_WAITING};

/// How long a browser has to answer a ping: two periods.
const PONG_WITHIN: Duration = Duration::from_secs(30);

/// How long a reader may take nothing while more waits for it than may.
const STALL: Duration = Duration::from_secs(5);

/// Messages that a browser may send at once, and how often one more.
const FLOOD: (u32, Duration) = (32, Duration::from_millis(500));

/// Whether a browser keeps up: reads what waits, answers pings, and does not send more than it has to say.
#[derive(Debug)]
pub(super) struct Pace {
    timer: Pin<Box<Sleep>>,
    /// When the oldest ping was sent that was not answered.
    unanswered: Option<Instant>,
    /// When the reader last took something.
    took: Instant,
    warned: bool,
    /// Messages that the browser may send now, as of `counted`.
    credit: u32,
    counted: Instant,
}

/// Why a browser does not keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// It does not answer pings.
    Silent,
    /// It takes nothing, and too much waits.
    Stalled,
}

impl Pace {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            timer: Box::pin(sleep_until(now + PONG_WITHIN)),
            unanswered: None,
            took: now,
            warned: false,
            credit: FLOOD.0,
            counted: now,
        }
    }

    /// A ping goes out.
    pub(super) fn pinged(&mut self) {
        self.unanswered.get_or_insert_with(Instant::now);
    }

    /// Something came from the browser: it lives. Whether it may send that much.
    pub(super) fn heard(&mut self) -> bool {
        self.unanswered = None;
        let earned = self.counted.elapsed().as_millis() / FLOOD.1.as_millis();
        if earned > 0 {
            let earned = u32::try_from(earned).unwrap_or(u32::MAX);
            self.credit = self.credit.saturating_add(earned).min(FLOOD.0);
            self.counted = Instant::now();
        }
        let may = self.credit > 0;
        self.credit = self.credit.saturating_sub(1);
        may
    }

    /// The reader took something.
    pub(super) fn taken(&mut self) {
        self.took = Instant::now();
    }

    /// Whether it is to be warned now, with so many bytes waiting: once, until most of it was taken.
    pub(super) fn warns(&mut self, waiting: usize) -> bool {
        let warn = waiting > WARN_WAITING && !self.warned;
        if waiting <= WARN_WAITING / 2 {
            self.warned = false;
        }
        self.warned |= warn;
        warn
    }

    /// Whether it does not keep up, with so many bytes waiting; otherwise wakes the task when that may be so.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        waiting: usize,
        blocked: bool,
    ) -> Poll<Behind> {
        loop {
            let now = Instant::now();
            let silent = self.unanswered.map(|since| since + PONG_WITHIN);
            if silent.is_some_and(|end| end <= now) {
                return Poll::Ready(Behind::Silent);
            }
            let stalled = (blocked && waiting > MOST_WAITING).then(|| self.took + STALL);
            if stalled.is_some_and(|end| end <= now) {
                return Poll::Ready(Behind::Stalled);
            }
            let Some(next) = silent.into_iter().chain(stalled).min() else {
                return Poll::Pending;
            };
            if self.timer.deadline() != next {
                self.timer.as_mut().reset(next);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn behind(pace: &mut Pace, waiting: usize, blocked: bool) -> (Behind, Duration) {
        let begun = Instant::now();
        let behind = poll_fn(|cx| pace.poll(cx, waiting, blocked)).await;
        (behind, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_browser_that_does_not_answer_pings_is_given_up_after_two_periods() {
        let mut pace = Pace::new();
        pace.pinged();
        tokio::time::advance(PONG_WITHIN / 2).await;
        pace.pinged();
        let (why, after) = behind(&mut pace, 0, false).await;
        assert_eq!(why, Behind::Silent);
        assert!(after >= PONG_WITHIN / 2 && after < PONG_WITHIN, "{after:?}");
        assert!(pace.heard());
        pace.pinged();
        assert!(behind(&mut pace, 0, false).await.1 >= PONG_WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn only_who_takes_nothing_while_too_much_waits_is_stalled() {
        let mut pace = Pace::new();
        tokio::time::advance(STALL / 2).await;
        pace.taken();
        let (why, after) = behind(&mut pace, MOST_WAITING + 1, true).await;
        assert_eq!(why, Behind::Stalled);
        assert!(after >= STALL, "{after:?}");
        for (waiting, blocked) in [(MOST_WAITING, true), (usize::MAX, false)] {
            let judged = behind(&mut pace, waiting, blocked);
            assert!(tokio::time::timeout(STALL * 4, judged).await.is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_warned_once_until_most_was_taken() {
        let mut pace = Pace::new();
        let warned = [
            0,
            WARN_WAITING,
            WARN_WAITING + 1,
            MOST_WAITING,
            WARN_WAITING,
        ]
        .map(|waiting| pace.warns(waiting));
        assert_eq!(warned, [false, false, true, false, false]);
        assert!(!pace.warns(WARN_WAITING / 2));
        assert!(pace.warns(WARN_WAITING + 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_told_from_a_word_now_and_then() {
        let mut pace = Pace::new();
        let all = (0..FLOOD.0).all(|_| pace.heard());
        assert!(all && !pace.heard());
        for _ in 0..100 {
            tokio::time::advance(FLOOD.1).await;
            assert!(pace.heard());
        }
        assert!(!pace.heard());
    }
}
