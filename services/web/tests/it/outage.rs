use std::time::Duration;

use redis_link::testing::RedisServer;
use serde_json::Value;
use session_store::RedisSessions;
use tokio::time::Instant;

use crate::{
    browser::{Browser, Dispatched, Stream, client},
    publisher::ROOM,
    replica::{Deployment, GUILD, PATIENCE, Replica},
};

fn users(stream: &Stream) -> Vec<u64> {
    let events = stream.events();
    let user = |event: &Dispatched| {
        let json: Value = serde_json::from_str(&event.data).unwrap();
        json["userId"].as_str().unwrap().parse().unwrap()
    };
    events.iter().map(user).collect()
}

async fn three(browser: &Browser) -> Vec<Stream> {
    let mut streams = Vec::new();
    for _ in 0..3 {
        let stream = browser.stream("").await;
        stream
            .wait_until(|stream| !stream.last_event_id().is_empty())
            .await;
        streams.push(stream);
    }
    streams
}

/// Waits until `/api/ready` says so; it never says not ready meanwhile.
async fn says(web: &Replica, status: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ready = client().get(format!("{}/api/ready", web.url));
        let ready = ready.send().await.unwrap();
        assert_eq!(
            ready.status(),
            200,
            "it stays ready, or all replicas would leave at once"
        );
        let ready: Value = ready.json().await.unwrap();
        if ready["status"] == status {
            return;
        }
        assert!(Instant::now() < deadline, "{ready}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn live_channels_that_are_cut_are_repaired_and_browsers_notice_nothing() {
    let deployment = Deployment::on_redis().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let streams = three(&browser).await;
    let redis = deployment.redis.as_ref().unwrap();
    for user in 1..=300 {
        if user % 75 == 0 {
            redis.ask("CLIENT KILL TYPE pubsub").await.unwrap();
        }
        deployment.publisher.join(GUILD, ROOM, user).await;
    }
    for stream in &streams {
        stream.wait(300).await;
        assert_eq!(users(stream), (1..=300).collect::<Vec<_>>());
        assert!(!stream.has_ended());
    }
    assert!(web.metric("fanfare_repairs_total") >= 1.0);
    assert!(!streams[0].text().contains("event: reset"));
}

#[tokio::test]
async fn a_redis_that_hangs_leaves_the_replica_degraded_and_nothing_is_lost() {
    let deployment = Deployment::on_redis().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let streams = three(&browser).await;
    deployment.publisher.join(GUILD, ROOM, 1).await;
    let redis = deployment.redis.as_ref().unwrap();
    redis.pause();
    says(&web, "degraded").await;
    assert!(web.metric("fanfare_degraded") >= 1.0);
    redis.resume();
    for user in 2..=60 {
        deployment.publisher.join(GUILD, ROOM, user).await;
    }
    for stream in &streams {
        stream.wait(60).await;
        assert_eq!(users(stream), (1..=60).collect::<Vec<_>>());
        assert!(!stream.has_ended());
    }
    says(&web, "ready").await;
    assert!(web.metric("fanfare_degraded") < 1.0);
}

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
    says(&web, "degraded").await;
    let turned_away = browser.stream("").await;
    turned_away.wait_for_end().await;
    assert_eq!(turned_away.events()[0].data, r#"{"reason":"bus"}"#);
    assert_eq!(browser.get("/api/guilds").await.status(), 503);

    deployment.redis.as_mut().unwrap().restart().await;
    // Published while the replica may not be subscribed again: some come live, some by repair.
    for user in 2..=60 {
        deployment.publisher.join(GUILD, ROOM, user).await;
    }
    stream.wait(60).await;
    assert_eq!(users(&stream), (1..=60).collect::<Vec<_>>());
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
