//! `check` says what is wrong, and how to mend it.

use redis_link::testing::RedisServer;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::cli::told;
use crate::{
    process::free_port,
    stack::{Control, LINK_TOKEN, SESSION_SECRET, Stack, simulator},
};

type Variables = Vec<(&'static str, String)>;

/// What gateway and web need beside what a story is about.
fn needed(control: &Control) -> Variables {
    vec![
        ("DISCORD_BOT_TOKEN", "simulated-bot-token".to_owned()),
        ("DISCORD_CLIENT_ID", "1000000000000000001".to_owned()),
        (
            "DISCORD_CLIENT_SECRET",
            "simulated-client-secret".to_owned(),
        ),
        ("DISCORD_API_URL", format!("{}/api/v10", control.url)),
        ("DISCORD_INTENTS", "36739".to_owned()),
        ("LINK_TOKEN", LINK_TOKEN.to_owned()),
        ("SESSION_SECRET", SESSION_SECRET.to_owned()),
    ]
}

/// A check, with variables more; of what is given twice, the later counts.
async fn check(
    binary: &'static str,
    needed: &Variables,
    more: &[(&'static str, String)],
) -> (Option<i32>, String) {
    let env: Variables = needed.iter().chain(more).cloned().collect();
    let (status, output) = told(binary, &["check"], &env).await;
    assert!(
        !output.contains("simulated-") && !output.contains(LINK_TOKEN),
        "{output}"
    );
    (status.code(), output)
}

#[track_caller]
fn says(output: &str, kind: &str, what: &str) {
    let said = output
        .lines()
        .any(|line| line.starts_with(kind) && line.contains(what));
    assert!(said, "no `{kind}` with `{what}` in\n{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_of_redis_that_lose_something_are_told() {
    let (_simulator, control) = simulator(&[]).await;
    let needed = needed(&control);
    let plain = RedisServer::start(&[]).await;
    let (code, output) = check("gateway", &needed, &[("REDIS_URL", plain.url())]).await;
    assert_eq!(code, Some(0), "{output}");
    says(&output, "warn  ", "appendonly yes");
    says(&output, "ok    ", "noeviction");
    says(&output, "ok    ", " ms)");
    says(&output, "All that is needed is there", "");

    let evicting = [
        "--maxmemory",
        "100mb",
        "--maxmemory-policy",
        "allkeys-lru",
        "--appendonly",
        "yes",
    ];
    let evicting = RedisServer::start(&evicting).await;
    let (code, output) = check("gateway", &needed, &[("REDIS_URL", evicting.url())]).await;
    assert_eq!(code, Some(1), "{output}");
    says(&output, "FAIL  ", "maxmemory-policy noeviction");
    says(&output, "ok    ", "append-only");
    says(&output, "One thing has to be mended", "");

    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let (code, output) = check("gateway", &needed, &[("REDIS_URL", nobody)]).await;
    assert_eq!(code, Some(1), "{output}");
    says(&output, "FAIL  ", ". Is REDIS_URL right");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_discord_is_not_reached_it_is_said_once_what_to_look_at() {
    let (_simulator, control) = simulator(&[]).await;
    let needed = needed(&control);
    let away = format!("http://127.0.0.1:{}/api/v10", free_port());
    let (code, output) = check("fanfare", &needed, &[("DISCORD_API_URL", away)]).await;
    assert_eq!(code, Some(1), "{output}");
    says(&output, "FAIL  ", "is the way out open?");
    let told = output.matches("is the way out open?").count();
    assert_eq!(told, 2, "the gateway's part and web's:\n{output}");
    assert!(!output.contains("failed: Discord failed"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_reaches_every_gateway_over_link_or_says_why_not() {
    let stack = Stack::start(0).await;
    let needed = needed(&stack.control);
    let redis = ("REDIS_URL", stack.redis.url());
    let (code, output) = check("web", &needed, std::slice::from_ref(&redis)).await;
    assert_eq!(code, Some(0), "{output}");
    says(
        &output,
        "ok    ",
        &format!("ws://127.0.0.1:{}", stack.gateway_port),
    );

    let other = (
        "LINK_TOKEN",
        "another-link-token-of-the-stories-0123456789".to_owned(),
    );
    let (code, output) = check("web", &needed, &[redis, other]).await;
    assert_eq!(code, Some(1), "{output}");
    says(&output, "FAIL  ", "LINK_TOKEN");

    // Without Redis: sign-ins stay in this process, and the gateway's answer is waited for.
    let nobody = ("GATEWAY_WS_URL", format!("ws://127.0.0.1:{}", free_port()));
    let (code, output) = check("web", &needed, &[nobody]).await;
    assert_eq!(code, Some(1), "{output}");
    says(&output, "FAIL  ", "GATEWAY_WS_URL");
    says(&output, "warn  ", "a second replica");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_collector_of_traces_and_variables_that_nobody_reads_are_looked_at() {
    let (_simulator, control) = simulator(&[]).await;
    let redis = RedisServer::start(&[]).await;
    let mut needed = needed(&control);
    needed.push(("REDIS_URL", redis.url()));
    needed.push(("LINK_COLOUR", "green".to_owned()));
    needed.push(("DISCORD_GUILDSS", "1".to_owned()));
    needed.push(("GATEWAY_WS_PORT_FILE", "/run/port".to_owned()));
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let (code, output) = check(
        "gateway",
        &needed,
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", nobody)],
    )
    .await;
    assert_eq!(code, Some(1), "{output}");
    says(&output, "FAIL  ", "OTEL_EXPORTER_OTLP_ENDPOINT");
    says(&output, "warn  ", "LINK_COLOUR is set and nobody reads it");
    says(&output, "warn  ", "maybe DISCORD_GUILDS is meant");
    says(&output, "warn  ", "maybe GATEWAY_WS_PORT is meant");
    assert!(
        !output.contains("SESSION_SECRET is set"),
        "it is web's:\n{output}"
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let collector = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.expect("a request");
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.expect("it is told");
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}/"));
    let (code, output) = check("gateway", &needed, &[endpoint]).await;
    assert_eq!(code, Some(0), "{output}");
    says(&output, "ok    ", "the collector of traces");
    let request = collector.await.expect("the collector answers");
    assert!(request.starts_with("POST /v1/traces "), "{request}");
}
