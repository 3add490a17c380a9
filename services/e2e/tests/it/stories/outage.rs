use redis_link::testing::RedisServer;
use serde_json::json;

use crate::{
    process::free_port,
    stack::{Stack, client, gateway, simulator, wait_until_ready, web},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_redis_costs_browsers_nothing() {
    let mut stack = Stack::start(2).await;
    stack.control.empty_rooms().await;
    let (_, name) = stack.control.room(0).await;
    let browser = stack.browser(0).await;
    let streams = [
        browser.stream("", None).await,
        browser.at(&stack.webs[1].url).stream("", None).await,
    ];
    stack
        .control
        .act("join", json!({"user": "mason", "channel": name}))
        .await;
    for stream in &streams {
        stream
            .wait_for("mason's join", |event| event.data["username"] == "mason")
            .await;
    }

    stack.redis.kill();
    stack
        .control
        .act("join", json!({"user": "amara", "channel": name}))
        .await;
    stack.control.act("leave", json!({"user": "mason"})).await;
    stack.redis.restart().await;

    for stream in &streams {
        stream
            .wait_for("mason's leave", |event| event.event == "voice.left")
            .await;
        let received = stream.received();
        let told: Vec<_> = received.iter().map(|event| event.event.as_str()).collect();
        assert_eq!(
            told,
            ["voice.joined", "voice.joined", "voice.left"],
            "{received:#?}"
        );
        assert!(!stream.ended(), "the browser stayed connected");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_at_the_start_is_waited_for() {
    let mut redis = RedisServer::start(&[]).await;
    redis.kill();
    let (_simulator, control) = simulator(&[]).await;
    let port = free_port();
    let gateway = gateway(&control, &redis.url(), port);
    let web = web(&control, &redis.url());
    for url in [
        format!("http://127.0.0.1:{port}/ready"),
        format!("{}/api/ready", web.url),
    ] {
        wait_until_status(&url, 503).await;
    }
    wait_until_ready(&format!("{}/api/health", web.url)).await;
    gateway.wait_for_output("Redis");
    web.process.wait_for_output("Redis");

    redis.restart().await;
    wait_until_ready(&format!("http://127.0.0.1:{port}/ready")).await;
    wait_until_ready(&format!("{}/api/ready", web.url)).await;
}

async fn wait_until_status(url: &str, status: u16) {
    let deadline = std::time::Instant::now() + crate::process::PATIENCE;
    loop {
        match client().get(url).send().await {
            Ok(reply) if reply.status() == status => return,
            other => assert!(
                std::time::Instant::now() < deadline,
                "{url} never answers {status}: {other:?}"
            ),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
