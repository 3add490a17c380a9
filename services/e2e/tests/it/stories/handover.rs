//! What somebody wants done while the gateway that does it goes away.

use std::time::{Duration, Instant};

use reqwest::{Response, header};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    process::{PATIENCE, free_port},
    stack::{Stack, client, gateway, wait_until_ready},
};

/// How soon after the wish the gateway goes: while the command is on its way or being done.
const SOON: Duration = Duration::from_millis(15);

/// The pause between two attempts; a user has 5 calls in 5 s.
const AGAIN: Duration = Duration::from_millis(1_100);

async fn create(browser: &Browser, guild: &str, name: &str, key: &str) -> Response {
    let request = client()
        .post(format!("{}/api/rpc/createRoom", browser.base))
        .header(header::COOKIE, browser.cookie())
        .header(header::ORIGIN, browser.base.as_str())
        .header("idempotency-key", key)
        .json(&json!({ "name": name, "guildId": guild }));
    request.send().await.expect("web answers")
}

/// Asks with the same key until it is done; the room.
async fn until_created(browser: &Browser, guild: &str, name: &str, key: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = create(browser, guild, name, key).await;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.expect("JSON");
        if status == 200 {
            return body["channelId"].as_str().expect("a room").to_owned();
        }
        let passing = matches!(status, 429 | 502 | 503 | 504);
        assert!(passing && Instant::now() < deadline, "{status} {body}");
        tokio::time::sleep(AGAIN).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_wished_for_while_its_gateway_goes_is_made_exactly_once() {
    let mut stack = Stack::start(1).await;
    let browser = stack.browser(0).await;
    let guild = stack.control.guild().await;
    for signal in ["TERM", "KILL"] {
        // Stands by until the shard is free.
        let port = free_port();
        let next = gateway(&stack.control, &stack.redis.url(), port);
        let name = format!("Gone with {signal}");
        let key = format!("0f1e2d3c-{signal}");
        let (wished, ()) = tokio::join!(until_created(&browser, &guild, &name, &key), async {
            tokio::time::sleep(SOON).await;
            stack.gateway.signal(signal);
        });
        wait_until_ready(&format!("http://127.0.0.1:{port}/ready")).await;
        stack.gateway.wait();
        stack.gateway = next;
        // Whoever asks again is told the same.
        assert_eq!(until_created(&browser, &guild, &name, &key).await, wished);
        let state = stack.control.state().await;
        let channels = state["guilds"][0]["channels"].as_array();
        let made: Vec<_> = channels
            .into_iter()
            .flatten()
            .filter(|channel| channel["name"] == name.as_str())
            .map(|channel| channel["id"].clone())
            .collect();
        assert_eq!(made, [json!(wished)], "{signal}");
    }
}
