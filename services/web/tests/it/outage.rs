use std::time::Duration;

use serde_json::Value;

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
