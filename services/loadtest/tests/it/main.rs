//! The tool against a server that does well or badly on purpose.

mod server;

use std::process::{Command, Output};

use serde_json::Value;
use server::{Behaviour, Server};

/// Runs `loadtest sse` with 20 streams and 60 events against it.
fn measure(behaviour: Behaviour, more: &[&str]) -> (Option<i32>, Value, String) {
    let server = Server::start(behaviour);
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_loadtest"))
        .args([
            "sse",
            "--json",
            "--cookie",
            "fanfare=x",
            "--streams",
            "20",
            "--rate",
            "200",
            "--duration",
            "300ms",
        ])
        .args(["--url", &server.url(), "--control", &server.url()])
        .args(more)
        .output()
        .expect("the tool runs");
    let report = serde_json::from_slice(&stdout).unwrap_or(Value::Null);
    (
        status.code(),
        report,
        String::from_utf8_lossy(&stderr).into_owned(),
    )
}

#[test]
fn a_server_that_delivers_everything_once_passes() {
    let (code, report, errors) = measure(Behaviour::Good, &["--burst", "50", "--p95", "60s"]);
    assert_eq!(code, Some(0), "{report:#} {errors}");
    for (phase, events) in [(0, 60), (1, 50)] {
        let verdict = &report[phase]["verdict"];
        assert_eq!(verdict["delivered"], 20 * events, "{report:#}");
        assert_eq!(verdict["lost"], 0);
        let due = &report[phase]["latencies"][0];
        assert_eq!(due["from"], "when it was due");
        assert!(due["p50"].as_f64().is_some_and(|ms| ms >= 0.0), "{due}");
    }
    let web = &report[0]["costs"][0];
    assert!(
        web["residentOpen"].as_u64().is_some_and(|bytes| bytes > 0),
        "the listener's cost is found: {web}"
    );
}

#[test]
fn an_event_that_one_stream_misses_is_lost() {
    let (code, report, _) = measure(Behaviour::LosesOne, &[]);
    assert_eq!(
        (code, &report[0]["verdict"]["lost"]),
        (Some(1), &1.into()),
        "{report:#}"
    );
}

#[test]
fn an_event_that_comes_twice_is_doubled() {
    let (code, report, _) = measure(Behaviour::DoublesOne, &[]);
    assert_eq!(
        (code, &report[0]["verdict"]["doubled"]),
        (Some(1), &1.into()),
        "{report:#}"
    );
}

#[test]
fn events_that_change_places_are_out_of_order() {
    let (code, report, _) = measure(Behaviour::SwapsTwo, &[]);
    assert_eq!(
        (code, &report[0]["verdict"]["out_of_order"]),
        (Some(1), &1.into()),
        "{report:#}"
    );
}

#[test]
fn a_stall_is_seen_by_every_event_that_it_held_up() {
    let (code, report, _) = measure(Behaviour::Stalls, &[]);
    let latencies = &report[0]["latencies"];
    assert_eq!(code, Some(1), "{report:#}");
    // The server emits 600 ms late and stamps its lateness: only the schedule shows it.
    let p50 = |row: usize| latencies[row]["p50"].as_f64().expect("a number");
    assert!(p50(0) > p50(1) + 500.0, "{latencies:#}");
}

#[test]
fn a_stream_that_ends_early_fails_the_phase() {
    let (code, report, _) = measure(Behaviour::Hangs, &[]);
    assert_eq!(code, Some(1), "{report:#}");
    assert_eq!(
        report[0]["failures"]["the connection was closed"], 1,
        "{report:#}"
    );
}

#[test]
fn a_server_that_refuses_says_so() {
    let (code, report, errors) = measure(Behaviour::Refuses, &[]);
    assert_eq!((code, report), (Some(2), Value::Null));
    assert!(errors.contains("the answer is 401"), "{errors}");
}
