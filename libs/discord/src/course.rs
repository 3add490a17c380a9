use std::time::Duration;

use url::Url;

use crate::{
    Compression, Session, Timing,
    backoff::{Backoff, between},
    end::End,
    endpoint::resume_endpoint,
    progress::Report,
};

/// Attempts in a row that come to nothing, or established connections in a row that don't last,
/// before a shard is called degraded. It then keeps to the longest wait.
const DEGRADED_AFTER: u32 = 5;

/// Connections in a row that did not get as far as HELLO at the resume URL before the original
/// URL is used: resume URLs die with their host.
const RESUME_URL_FAILURES: u32 = 2;

/// RESUMEs in a row that lead nowhere before the session is given up: some are answered by nothing
/// but a lost connection, for ever, and some are served and then cut at once. Doubled for each
/// session that was given up without a connection that lasted: session starts are counted by the
/// day, and a new one that does not help must not use them up.
const RESUME_FAILURES: u32 = 5;

/// The most that [`RESUME_FAILURES`] is doubled: 640 at the longest wait take about two hours.
const MAX_DOUBLINGS: u32 = 7;

/// The longest wait for the budget of session starts before the limiter is asked again, which
/// another process may have told better news.
const BUDGET_RECHECK: Duration = Duration::from_mins(5);

/// What was tried so far, and hence where to go and how long to wait.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    timing: Timing,
    backoff: Backoff,
    attempts: u32,
    short_lived: u32,
    resume_url_failures: u32,
    original_url_failures: u32,
    resume_failures: u32,
    given_up: u32,
}

impl Course {
    pub(crate) fn new(timing: &Timing) -> Self {
        Self {
            timing: timing.clone(),
            backoff: Backoff::new(timing),
            attempts: 0,
            short_lived: 0,
            resume_url_failures: 0,
            original_url_failures: 0,
            resume_failures: 0,
            given_up: 0,
        }
    }

    /// Attempts in a row that came to nothing.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Connections in a row that did not get as far as HELLO at the original URL.
    pub(crate) fn unreachable(&self) -> u32 {
        self.original_url_failures
    }

    /// Whether too many attempts came to nothing, or too many connections did not last.
    pub(crate) fn degraded(&self) -> bool {
        self.attempts >= DEGRADED_AFTER || self.looping()
    }

    /// Whether connections are established again and again and don't last.
    fn looping(&self) -> bool {
        self.short_lived >= DEGRADED_AFTER
    }

    /// Where to connect to next, and whether that is the original URL.
    pub(crate) fn url(
        &self,
        session: Option<&Session>,
        original: &Url,
        compression: Compression,
    ) -> (Url, bool) {
        session
            .filter(|_| self.resume_url_failures < RESUME_URL_FAILURES)
            .and_then(|session| resume_endpoint(&session.resume_url, original, compression))
            .map_or_else(|| (original.clone(), true), |url| (url, false))
    }

    /// Takes note of how a connection went. Returns whether the session, if there is one, is worth
    /// another RESUME.
    pub(crate) fn note(&mut self, report: &Report, at_original: bool) -> bool {
        if report.steady {
            *self = Self::new(&self.timing);
            return true;
        }
        if report.end.ours() {
            return true;
        }
        self.note_reach(report, at_original);
        if report.established {
            self.attempts = 0;
            self.short_lived = self.short_lived.saturating_add(1);
        } else {
            self.attempts = self.attempts.saturating_add(1);
        }
        if report.moved {
            self.resume_failures = 0;
        } else if report.resume_sent {
            self.resume_failures = self.resume_failures.saturating_add(1);
        }
        if report.established && report.resume_sent && report.moved {
            self.backoff.reset();
        }
        self.resume_failures < RESUME_FAILURES << self.given_up.min(MAX_DOUBLINGS)
    }

    /// What it tells about the address.
    fn note_reach(&mut self, report: &Report, at_original: bool) {
        let failures = if at_original {
            &mut self.original_url_failures
        } else {
            &mut self.resume_url_failures
        };
        *failures = if report.greeted {
            0
        } else {
            failures.saturating_add(1)
        };
        if report.established {
            self.resume_url_failures = 0;
        }
    }

    /// The session is of no use any more: the next one is a fresh start.
    pub(crate) fn forget_session(&mut self) {
        self.resume_url_failures = 0;
        self.resume_failures = 0;
    }

    /// A session that Discord did not refuse is given up.
    pub(crate) fn give_up_session(&mut self) {
        self.given_up = self.given_up.saturating_add(1);
        self.forget_session();
    }

    /// How long to wait after this end.
    pub(crate) fn wait(&mut self, end: &End) -> Duration {
        if end.ours() {
            return self.timing.backoff_min;
        }
        let mut wait = self.backoff.next_wait();
        if self.looping() {
            wait = wait.max(self.backoff.longest_wait());
        }
        let (least, most) = self.timing.cool_down;
        match end {
            End::BudgetExhausted(resets_in) => wait.max((*resets_in).min(BUDGET_RECHECK)),
            end if end.cools_down() => wait.max(between(least, most)),
            _ => wait,
        }
    }
}

#[cfg(test)]
mod tests;
