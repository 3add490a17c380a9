use std::{io, sync::Arc};

use parking_lot::Mutex;
use serde_json::Value;
use tracing::{info, info_span, warn};
use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt as _};

use super::*;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What is written as JSON while `work` runs, line by line.
fn written(work: impl FnOnce()) -> Vec<Value> {
    let buffer = Buffer::default();
    let layer = tracing_subscriber::fmt::layer()
        .fmt_fields(JsonFields::new())
        .event_format(Lines::new(Json { service: "tests" }))
        .with_writer(buffer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    let bytes = buffer.0.lock();
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("every line is JSON")
}

#[test]
fn a_line_says_when_who_what_and_where() {
    let lines = written(|| {
        let span = info_span!("request", request_id = "r-1", path = "/a \"quoted\" one\n");
        let _entered = span.enter();
        info!(
            component = "WS",
            guild_id = 7_u64,
            "Client authenticated: {}",
            8
        );
    });
    let [line] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("message"), "Client authenticated: 8");
    assert_eq!(
        (text("level"), text("component")),
        ("INFO".to_owned(), "WS".to_owned())
    );
    assert_eq!(
        (text("service"), text("version")),
        ("tests".to_owned(), env!("CARGO_PKG_VERSION").to_owned())
    );
    assert_eq!(line["guild_id"], 7);
    assert_eq!(line["span"]["name"], "request");
    assert_eq!(line["span"]["path"], "/a \"quoted\" one\n");
    assert!(text("target").starts_with("telemetry::logs"), "{line}");
    assert!(
        line.get("trace_id").is_none() && line.get("suppressed").is_none(),
        "{line}"
    );
    // RFC 3339, in UTC.
    let timestamp = text("timestamp");
    assert!(
        timestamp.ends_with('Z') && timestamp.as_bytes()[10] == b'T',
        "{timestamp}"
    );
}

#[test]
fn a_field_can_not_pass_for_what_the_line_says_itself() {
    let lines = written(|| info!(service = "another", level = "none", trace_id = "x", "m"));
    assert_eq!(lines[0]["service"], "tests");
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(lines[0]["service_"], "another");
    assert!(lines[0].get("trace_id").is_none(), "{}", lines[0]);
}

#[test]
fn a_trace_is_named_if_it_is_kept() {
    let lines = written(|| {
        info!(
            trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "kept"
        );
        info!(
            trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            "not kept"
        );
        info!(trace = "anything", "no trace");
    });
    assert_eq!(lines[0]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(lines[0].get("trace").is_none());
    assert!(lines[1].get("trace_id").is_none() && lines[2].get("trace_id").is_none());
}

#[test]
fn warnings_that_repeat_are_left_out_and_what_is_only_told_is_not() {
    let lines = written(|| {
        for _ in 0..30 {
            warn!(component = "Internal", "again");
            info!("a sign-in failed");
        }
        warn!("another one");
    });
    let count = |message: &str| {
        lines
            .iter()
            .filter(|line| line["message"] == message)
            .count()
    };
    assert_eq!(count("again"), 10);
    assert_eq!(count("a sign-in failed"), 30);
    assert_eq!(count("another one"), 1);
}
