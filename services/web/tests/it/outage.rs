use std::time::Duration;

use redis_link::testing::RedisServer;
use serde_json::Value;
use session_store::RedisSessions;
use tokio::time::Instant;

use crate::{
    browser::{Browser, client},
    publisher::ROOM,
    replica::{Deployment, GUILD, PATIENCE},
};

#[tokio::test]
async fn redis_goes_and_comes_back_and_browsers_stay_and_miss_nothing() {
    let mut deployment = Deployment::on_redis().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let stream = browser.stream("").await;
    stream
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    deployment.publisher.join(GUILD, ROOM, 1).await;
    stream.wait(1).await;

    deployment.redis.as_mut().unwrap().kill();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let ready = client()
            .get(format!("{}/api/ready", web.url))
            .send()
            .await
            .unwrap();
        assert_eq!(
            ready.status(),
            200,
            "it stays ready, or all replicas would leave at once"
        );
        let ready: Value = ready.json().await.unwrap();
        if ready["status"] == "degraded" {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{ready}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let turned_away = browser.stream("").await;
    turned_away.wait_for_end().await;
    assert_eq!(turned_away.events()[0].data, r#"{"reason":"bus"}"#);
    assert_eq!(browser.get("/api/guilds").await.status(), 503);

    deployment.redis.as_mut().unwrap().restart().await;
    // Published while the replica may not be subscribed again: some come live, some by repair.
    for user in 2..=60 {
        deployment.publisher.join(GUILD, ROOM, user).await;
    }
    let events = stream.wait(60).await;
    let users: Vec<u64> = events
        .iter()
        .map(|event| {
            serde_json::from_str::<Value>(&event.data).unwrap()["userId"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert_eq!(users, (1..=60).collect::<Vec<_>>());
    assert!(!stream.has_ended());
    assert!(web.metric("fanfare_repairs_total") >= 1.0);
}

#[tokio::test]
async fn the_session_store_goes_and_open_streams_go_on() {
    let mut redis = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let mut deployment = Deployment::in_memory().await;
    deployment.sessions = RedisSessions::connect(&redis.config("web-it-sessions")).into();
    let web = deployment.replica(&[("MEMBERSHIP_TTL_SECONDS", "1")]).await;
    let browser = Browser::signed_in(&web).await;
    let stream = browser.stream("").await;
    stream
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;

    redis.kill();
    let turned_away = browser.stream("").await;
    turned_away.wait_for_end().await;
    assert_eq!(turned_away.events()[0].data, r#"{"reason":"bus"}"#);
    assert_eq!(browser.get("/api/guilds").await.status(), 503);
    // Several looks for the user fail meanwhile, and take their time; events do not wait for them.
    let begun = Instant::now();
    let mut user = 0;
    while begun.elapsed() < Duration::from_secs(4) {
        user += 1;
        let asked = Instant::now();
        deployment.publisher.join(GUILD, ROOM, user).await;
        stream.wait(user as usize).await;
        assert!(asked.elapsed() < Duration::from_secs(1), "an event waited");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!stream.has_ended());

    redis.restart().await;
    let again = browser.stream("").await;
    again
        .wait_until(|stream| !stream.last_event_id().is_empty())
        .await;
    assert!(!stream.has_ended());
}
