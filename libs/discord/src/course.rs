use std::time::Duration;

use url::Url;

use crate::{
    Compression, Session, Timing,
    backoff::{Backoff, between},
    connection::Report,
    end::End,
    endpoint::resume_endpoint,
};

/// Attempts in a row that come to nothing before a shard is called degraded.
const DEGRADED_AFTER: u32 = 5;

/// Connections in a row that did not get as far as HELLO at the resume URL before the original
/// URL is used: resume URLs die with their host.
const RESUME_URL_FAILURES: u32 = 2;

/// RESUMEs in a row that Discord neither served nor refused before the session is given up: some
/// are answered by nothing but a lost connection, for ever.
const RESUME_FAILURES: u32 = 5;

/// The longest wait for the budget of session starts before the limiter is asked again, which
/// another process may have told better news.
const BUDGET_RECHECK: Duration = Duration::from_mins(5);

/// What was tried so far, and hence where to go and how long to wait.
#[derive(Debug)]
pub(crate) struct Course {
    timing: Timing,
    backoff: Backoff,
    attempts: u32,
    resume_url_failures: u32,
    resume_failures: u32,
}

impl Course {
    pub(crate) fn new(timing: &Timing) -> Self {
        Self {
            timing: timing.clone(),
            backoff: Backoff::new(timing),
            attempts: 0,
            resume_url_failures: 0,
            resume_failures: 0,
        }
    }

    /// Attempts in a row that came to nothing.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether there were too many of them.
    pub(crate) fn degraded(&self) -> bool {
        self.attempts >= DEGRADED_AFTER
    }

    /// Where to connect to next.
    pub(crate) fn url(
        &self,
        session: Option<&Session>,
        original: &Url,
        compression: Compression,
    ) -> Url {
        session
            .filter(|_| self.resume_url_failures < RESUME_URL_FAILURES)
            .and_then(|session| resume_endpoint(&session.resume_url, original, compression))
            .unwrap_or_else(|| original.clone())
    }

    /// Takes note of how a connection went. Returns whether the session, if there is one, is worth
    /// another RESUME.
    pub(crate) fn note(&mut self, report: &Report) -> bool {
        if report.established {
            self.backoff.reset();
            self.attempts = 0;
            self.resume_url_failures = 0;
            self.resume_failures = 0;
            return true;
        }
        // A full queue is ours to empty: Discord did its part.
        if report.end == End::QueueFull {
            return true;
        }
        self.attempts = self.attempts.saturating_add(1);
        if !report.greeted {
            self.resume_url_failures = self.resume_url_failures.saturating_add(1);
        }
        if report.moved {
            self.resume_failures = 0;
        } else if report.resume_sent {
            self.resume_failures += 1;
        }
        self.resume_failures < RESUME_FAILURES
    }

    /// The session was given up: the next one is a fresh start.
    pub(crate) fn forget_session(&mut self) {
        self.resume_url_failures = 0;
        self.resume_failures = 0;
    }

    /// How long to wait after this end.
    pub(crate) fn wait(&mut self, end: &End) -> Duration {
        let wait = self.backoff.next_wait();
        let (least, most) = self.timing.cool_down;
        match end {
            End::BudgetExhausted(resets_in) => wait.max((*resets_in).min(BUDGET_RECHECK)),
            end if end.cools_down() => wait.max(between(least, most)),
            _ => wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::endpoint;

    fn unreachable() -> Report {
        Report::unopened(End::Unreachable("refused".into()))
    }

    fn unserved_resume() -> Report {
        Report {
            greeted: true,
            resume_sent: true,
            ..Report::unopened(End::Closed(Some(1006)))
        }
    }

    fn established() -> Report {
        Report {
            greeted: true,
            established: true,
            ..Report::unopened(End::Zombie)
        }
    }

    #[test]
    fn five_attempts_in_vain_degrade_and_an_established_session_clears_it() {
        let mut course = Course::new(&Timing::default());
        for _ in 0..5 {
            assert!(!course.degraded());
            course.note(&unreachable());
        }
        assert!(course.degraded());
        course.note(&established());
        assert_eq!((course.degraded(), course.attempts()), (false, 0));
    }

    #[test]
    fn a_dead_resume_url_gives_way_to_the_original_one_until_it_worked() {
        let mut course = Course::new(&Timing::default());
        let original = endpoint("ws://original", Compression::None).unwrap();
        let session = Session {
            id: "s".into(),
            resume_url: "ws://resume".into(),
            seq: 1,
        };
        let host = |course: &Course| {
            course
                .url(Some(&session), &original, Compression::None)
                .host_str()
                .map(str::to_owned)
                .unwrap()
        };
        assert_eq!(host(&course), "resume");
        course.note(&unreachable());
        assert_eq!(host(&course), "resume");
        course.note(&unreachable());
        assert_eq!(host(&course), "original");
        course.note(&established());
        assert_eq!(host(&course), "resume");
        assert_eq!(course.url(None, &original, Compression::None), original);
    }

    #[test]
    fn resumes_that_are_not_served_are_capped_but_an_outage_keeps_the_session() {
        let mut course = Course::new(&Timing::default());
        for _ in 0..100 {
            assert!(course.note(&unreachable()));
        }
        for _ in 0..4 {
            assert!(course.note(&unserved_resume()));
        }
        assert!(!course.note(&unserved_resume()));
    }

    #[test]
    fn a_replay_that_gets_on_is_no_failed_resume() {
        let mut course = Course::new(&Timing::default());
        for _ in 0..10 {
            assert!(course.note(&Report {
                moved: true,
                ..unserved_resume()
            }));
        }
    }

    #[test]
    fn a_full_queue_is_no_failed_attempt() {
        let mut course = Course::new(&Timing::default());
        for _ in 0..10 {
            let report = Report {
                end: End::QueueFull,
                ..unserved_resume()
            };
            assert!(course.note(&report));
        }
        assert!(!course.degraded());
    }

    #[test]
    fn an_invalid_session_waits_one_to_five_seconds() {
        for _ in 0..50 {
            let mut course = Course::new(&Timing::default());
            let wait = course.wait(&End::InvalidSession { resumable: false });
            assert!((1.0..=5.0).contains(&wait.as_secs_f64()), "{wait:?}");
        }
    }

    #[test]
    fn an_exhausted_budget_is_asked_for_again_within_five_minutes() {
        let mut course = Course::new(&Timing::default());
        let day = Duration::from_hours(24);
        assert_eq!(course.wait(&End::BudgetExhausted(day)), BUDGET_RECHECK);
        let minute = Duration::from_mins(1);
        assert_eq!(course.wait(&End::BudgetExhausted(minute)), minute);
    }
}
