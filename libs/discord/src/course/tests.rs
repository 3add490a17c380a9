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

/// A RESUME that was served, and cut at once.
fn short_lived() -> Report {
    Report {
        established: true,
        ..unserved_resume()
    }
}

fn steady() -> Report {
    Report {
        steady: true,
        ..short_lived()
    }
}

#[test]
fn five_attempts_in_vain_degrade_and_a_steady_connection_clears_it() {
    let mut course = Course::new(&Timing::default());
    for _ in 0..5 {
        assert!(!course.degraded());
        course.note(&unreachable(), false);
    }
    assert!(course.degraded());
    course.note(&short_lived(), false);
    assert_eq!(course.attempts(), 0);
    course.note(&steady(), false);
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
            .0
            .host_str()
            .map(str::to_owned)
            .unwrap()
    };
    assert_eq!(host(&course), "resume");
    course.note(&unreachable(), false);
    assert_eq!(host(&course), "resume");
    course.note(&unreachable(), false);
    assert_eq!(host(&course), "original");
    course.note(&short_lived(), true);
    assert_eq!(host(&course), "resume");
    assert_eq!(
        course.url(None, &original, Compression::None),
        (original, true)
    );
}

#[test]
fn resumes_that_are_not_served_are_capped_but_an_outage_keeps_the_session() {
    let mut course = Course::new(&Timing::default());
    for _ in 0..100 {
        assert!(course.note(&unreachable(), false));
    }
    for _ in 0..4 {
        assert!(course.note(&unserved_resume(), false));
    }
    assert!(!course.note(&unserved_resume(), false));
}

#[test]
fn a_replay_that_gets_on_is_no_failed_resume() {
    let mut course = Course::new(&Timing::default());
    for _ in 0..10 {
        let report = Report {
            moved: true,
            ..unserved_resume()
        };
        assert!(course.note(&report, false));
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
        assert!(course.note(&report, false));
        assert_eq!(
            course.wait(&report.end),
            Timing::default().backoff_min,
            "it only waits for room"
        );
    }
    assert!(!course.degraded());
}

#[test]
fn connections_that_do_not_last_degrade_and_keep_the_longest_wait() {
    let mut course = Course::new(&Timing::default());
    let report = Report {
        moved: true,
        ..short_lived()
    };
    for _ in 0..4 {
        assert!(course.note(&report, false), "the session is alive");
        let wait = course.wait(&report.end);
        assert!(wait <= Duration::from_secs(1), "it got on: {wait:?}");
        assert!(!course.degraded());
    }
    for _ in 0..20 {
        assert!(course.note(&report, false), "the session is alive");
        assert!(course.degraded());
        let wait = course.wait(&report.end);
        assert!(wait >= Duration::from_secs(8), "{wait:?}");
    }
    course.note(&steady(), false);
    assert!(!course.degraded());
    assert!(course.wait(&End::ReconnectAsked) <= Duration::from_secs(1));
}

#[test]
fn a_served_resume_that_brings_nothing_does_not_reset_the_wait() {
    let mut course = Course::new(&Timing::default());
    for _ in 0..2 {
        course.note(&short_lived(), false);
        course.wait(&End::ReconnectAsked);
    }
    let waits: Vec<_> = (0..50)
        .map(|_| {
            let mut course = course.clone();
            course.note(&short_lived(), false);
            course.wait(&End::ReconnectAsked)
        })
        .collect();
    assert!(
        waits.iter().any(|wait| *wait > Duration::from_secs(1)),
        "{waits:?}"
    );
}

#[test]
fn each_session_given_up_in_vain_lasts_twice_as_long_as_the_one_before() {
    let mut course = Course::new(&Timing::default());
    for allowed in [5, 10, 20] {
        for _ in 1..allowed {
            assert!(course.note(&short_lived(), false));
        }
        assert!(!course.note(&short_lived(), false));
        course.give_up_session();
    }
    course.note(&steady(), false);
    for _ in 1..5 {
        assert!(course.note(&short_lived(), false));
    }
    assert!(!course.note(&short_lived(), false));
}

#[test]
fn only_failures_at_the_original_url_call_for_a_fresh_one() {
    let mut course = Course::new(&Timing::default());
    course.note(&unreachable(), false);
    assert_eq!(course.unreachable(), 0);
    course.note(&unreachable(), true);
    course.note(&unreachable(), true);
    assert_eq!(course.unreachable(), 2);
    course.note(&unserved_resume(), true);
    assert_eq!(course.unreachable(), 0, "there is somebody");
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
