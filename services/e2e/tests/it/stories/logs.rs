//! What the programs say about themselves, and how that is changed while they run.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::cli::told;
use crate::{
    process::{PATIENCE, Process, free_port},
    stack::{Stack, client, simulator, wait_until_ready},
};

/// The lines of a log.
fn lines(log: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

/// Waits until a line with such a message is there.
async fn wait_for_line(process: &Process, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let log = process.output();
        // The last line may be half written.
        let whole = &log[..log.rfind('\n').map_or(0, |at| at + 1)];
        if let Some(line) = lines(whole).into_iter().find(&wanted) {
            return line;
        }
        assert!(Instant::now() < deadline, "never logged: {what}\n{log}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The message of a line.
fn message(line: &Value) -> &str {
    line["message"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_message_is_there_with_its_level_component_and_fields() {
    let stack = Stack::logging("info,gateway=debug,web=trace", 1).await;
    let browser = stack.browser(0).await;
    let stream = browser.stream("events=message.*", None).await;
    let post = json!({"user": "mason", "channel": "general", "content": "hello"});
    stack.control.act("message", post).await;
    stream
        .wait_for("the message", |event| event.event == "message.created")
        .await;
    let guild = stack.control.guild().await;
    let (gateway, web) = (&stack.gateway, &stack.webs[0].process);
    let broadcast = format!("Broadcasting message.created to guild {guild}");
    for (process, begins, level, component) in [
        (
            gateway,
            "Discord Gateway initialized successfully",
            "INFO",
            "Gateway",
        ),
        (gateway, "Connected (session: ", "INFO", "Gateway"),
        (
            gateway,
            "Heartbeat started (interval: 41250ms)",
            "INFO",
            "Gateway",
        ),
        (gateway, "Event received", "DEBUG", "Gateway"),
        (gateway, "Event broadcast", "DEBUG", "Gateway"),
        (web, "Client authenticated: ", "INFO", "WS"),
        (web, &broadcast, "DEBUG", "WS"),
        (web, "Sent message.created to user ", "TRACE", "WS"),
    ] {
        let line = wait_for_line(process, begins, |line| message(line).starts_with(begins)).await;
        assert_eq!(
            (&line["level"], &line["component"]),
            (&json!(level), &json!(component)),
            "{line}"
        );
        for field in ["timestamp", "target", "service", "version"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    let line = wait_for_line(gateway, "the event", |line| {
        message(line) == "Event received" && line["event"] == "MESSAGE_CREATE"
    });
    assert_eq!(line.await["guild_id"], json!(guild));
    let line = wait_for_line(web, "its delivery", |line| message(line) == broadcast).await;
    assert_eq!(
        (&line["guild_id"], &line["event"]),
        (&json!(guild), &json!("message.created"))
    );
    assert_eq!(line["service"], "web");
    // Of Discord's session only six characters are told.
    let line = wait_for_line(gateway, "the session", |line| {
        message(line).starts_with("Connected (session: ")
    });
    let line = line.await;
    let session = message(&line).trim_start_matches("Connected (session: ");
    assert!(
        session.starts_with(|first: char| first.is_ascii_hexdigit()),
        "{session}"
    );
    assert_eq!(session.find(['.', ')']), Some(6), "{session}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_is_changed_while_the_programs_run() {
    let (_simulator, control) = simulator(&[]).await;
    let (port, metrics) = (free_port(), free_port());
    let env = [
        ("DISCORD_BOT_TOKEN", "any".to_owned()),
        ("DISCORD_API_URL", format!("{}/api/v10", control.url)),
        ("GATEWAY_WS_PORT", port.to_string()),
        ("METRICS_PORT", metrics.to_string()),
        ("LINK_TOKEN", crate::stack::LINK_TOKEN.to_owned()),
        ("BIND", "127.0.0.1".to_owned()),
        ("RUST_LOG", "info".to_owned()),
    ];
    let gateway = Process::start("gateway", &[], &env);
    wait_until_ready(&format!("http://127.0.0.1:{port}/ready")).await;
    let url = format!("http://127.0.0.1:{metrics}/log");
    let asked = ("METRICS_PORT", metrics.to_string());
    let ask =
        async |arguments: &[&str]| told("gateway", arguments, std::slice::from_ref(&asked)).await;
    let happen = async || {
        let post = json!({"user": "mason", "channel": "general", "content": "hello"});
        control.act("message", post).await;
    };
    let received = || gateway.output().matches("Event received").count();

    assert_eq!(ask(&["log"]).await.1, "info\n");
    assert_eq!(received(), 0, "{}", gateway.output());
    let (status, output) = ask(&["log", "info,gateway=debug"]).await;
    assert!(
        status.success() && output == "info,gateway=debug\n",
        "{output}"
    );
    happen().await;
    gateway.wait_for_output("Event received");

    // Wrong filters, too large ones, pages in browsers and proxies change nothing.
    let (status, output) = ask(&["log", "gateway=loud"]).await;
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(output.contains("not a filter"), "{output}");
    let send = async |header: (&'static str, &'static str), body: String| {
        let request = client()
            .request(Method::PUT, &url)
            .header(header.0, header.1);
        request
            .body(body)
            .send()
            .await
            .expect("it answers")
            .status()
    };
    let large = format!("info,{}", "a".repeat(5_000));
    assert_eq!(
        send(("accept", "*/*"), large).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    for header in [
        ("host", "rebound.example"),
        ("origin", "http://localhost:3000"),
        ("x-forwarded-for", "192.0.2.1"),
    ] {
        assert_eq!(
            send(header, "trace".to_owned()).await,
            StatusCode::FORBIDDEN,
            "{header:?}"
        );
    }
    assert_eq!(ask(&["log"]).await.1, "info,gateway=debug\n");
    assert_eq!(ask(&["log", "--reset"]).await.1, "info\n");

    // SIGHUP: debug, and back.
    gateway.signal("HUP");
    let deadline = Instant::now() + PATIENCE;
    while !ask(&["log"]).await.1.contains("gateway=debug") {
        assert!(Instant::now() < deadline, "SIGHUP changes nothing");
    }
    let before = received();
    happen().await;
    while received() == before {
        assert!(Instant::now() < deadline, "{}", gateway.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    gateway.signal("HUP");
    while ask(&["log"]).await.1 != "info\n" {
        assert!(Instant::now() < deadline, "SIGHUP does not go back");
    }
    let status = client()
        .get(format!("http://127.0.0.1:{port}/health"))
        .send()
        .await;
    assert_eq!(status.expect("it lives").status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_that_repeats_is_left_out_and_counted() {
    let stack = Stack::start(0).await;
    let link = format!("http://127.0.0.1:{}/link", stack.gateway_port);
    let refused = async || {
        let reply = client().get(&link).bearer_auth("wrong").send().await;
        assert_eq!(
            reply.expect("it answers").status(),
            StatusCode::UNAUTHORIZED
        );
    };
    let refusals = || {
        let log = stack.gateway.output();
        let all = lines(&log[..log.rfind('\n').map_or(0, |at| at + 1)]);
        let of_link =
            |line: &Value| message(line).starts_with("LINK was asked for without its token");
        all.into_iter().filter(of_link).collect::<Vec<_>>()
    };
    let begun = Instant::now();
    for _ in 0..60 {
        refused().await;
    }
    let told = refusals();
    // One in ten seconds may come on top, on a machine that is slow.
    let most = 10 + usize::try_from(begun.elapsed().as_secs() / 10).unwrap_or(0);
    assert!((10..=most).contains(&told.len()), "{} lines", told.len());
    let deadline = Instant::now() + 10 * Duration::from_secs(10);
    let counted = loop {
        refused().await;
        let counted: u64 = refusals()
            .iter()
            .filter_map(|line| line["suppressed"].as_u64())
            .sum();
        if counted > 0 {
            break counted;
        }
        assert!(Instant::now() < deadline, "what was left out is never told");
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    assert!(counted >= 50, "{counted}");
}
