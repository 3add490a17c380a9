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

/// Asks with the same key until it is known what became of it: the room, or that nobody can know.
async fn until_settled(browser: &Browser, guild: &str, name: &str, key: &str) -> Option<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = create(browser, guild, name, key).await;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.expect("JSON");
        if status == 200 {
            return Some(body["channelId"].as_str().expect("a room").to_owned());
        }
        if body["code"] == "outcome-unknown" {
            return None;
        }
        let passing = matches!(status, 429 | 502 | 503 | 504);
        assert!(passing && Instant::now() < deadline, "{status} {body}");
        tokio::time::sleep(AGAIN).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_wished_for_while_its_gateway_goes_is_made_once() {
    let mut stack = Stack::start(1).await;
    let browser = stack.browser(0).await;
    let guild = stack.control.guild().await;
    for signal in ["TERM", "KILL"] {
        // Stands by until the shard is free.
        let port = free_port();
        let next = gateway(&stack.control, &stack.redis.url(), port);
        let name = format!("Gone with {signal}");
        let key = format!("0f1e2d3c-{signal}");
        let (wished, ()) = tokio::join!(until_settled(&browser, &guild, &name, &key), async {
            tokio::time::sleep(SOON).await;
            stack.gateway.signal(signal);
        });
        wait_until_ready(&format!("http://127.0.0.1:{port}/ready")).await;
        stack.gateway.wait();
        stack.gateway = next;
        // Who stops in order finishes first; who is killed may take the answer along, and then it is not done once more.
        assert!(wished.is_some() || signal == "KILL", "{signal}");
        let again = until_settled(&browser, &guild, &name, &key).await;
        assert!(
            wished.is_none() || again == wished,
            "whoever asks again is told the same"
        );
        let state = stack.control.state().await;
        let channels = state["guilds"][0]["channels"].as_array();
        let made: Vec<_> = channels
            .into_iter()
            .flatten()
            .filter(|channel| channel["name"] == name.as_str())
            .map(|channel| channel["id"].as_str())
            .collect();
        match &again {
            Some(room) => assert_eq!(made, [Some(room.as_str())], "{signal}"),
            None => assert!(made.len() <= 1, "{signal}: {made:?}"),
        }
    }
}
