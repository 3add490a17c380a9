//! The gateway on a real Redis that is paused, killed and emptied.

use std::sync::Arc;

use contracts::EventKind;
use event_bus::EventBus;
use redis_link::testing::RedisServer;
use serde_json::json;

use crate::stage::{Stage, config, discord, get, until};

async fn stage(redis: &RedisServer) -> Stage {
    let nowhere = ([127, 0, 0, 1], 1).into();
    let bus = config(nowhere, &[("REDIS_URL", &redis.url())]).bus;
    let bus: Arc<dyn EventBus> = bus.connect(&prometheus::Registry::new());
    Stage::with(discord(), bus).await
}

fn say(stage: &Stage, text: &str) -> String {
    let message = json!({"user": "nelly", "channel": "general", "content": text});
    stage.act("message", message)["message"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_redis_that_stands_still_for_a_while_costs_no_event() {
    let redis = RedisServer::start(&[]).await;
    let stage = stage(&redis).await;
    let gateway = stage.gateway().await;
    let since = stage.now().await;
    let mut sent = vec![say(&stage, "before")];
    redis.pause();
    for n in 0..10 {
        sent.push(say(&stage, &n.to_string()));
    }
    until("it is noticed", async || {
        get(gateway.addr, "/ready").await.0 == 503
    })
    .await;
    redis.resume();
    gateway.ready().await;
    sent.push(say(&stage, "after"));
    let told: Vec<String> = stage
        .told(since, sent.len())
        .await
        .into_iter()
        .filter(|(kind, _)| *kind == EventKind::MessageCreated)
        .map(|(_, payload)| payload["messageId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, sent);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_redis_that_forgot_everything_is_filled_again() {
    let mut redis = RedisServer::start(&[]).await;
    let stage = stage(&redis).await;
    let gateway = stage.gateway().await;
    let guilds = stage.bus.all_guilds().await.unwrap().len();
    redis.kill();
    redis.restart().await;
    // What happens in one guild shows that it is missing; then the others are looked for.
    say(&stage, "anybody here?");
    until("every guild is back", async || {
        stage
            .bus
            .all_guilds()
            .await
            .is_ok_and(|all| all.len() == guilds)
    })
    .await;
    let cut = stage.bus.snapshot(&[stage.guild]).await.unwrap();
    assert_eq!(cut.guilds[0].state.voice.len(), 5);

    let since = stage.now().await;
    stage.act("join", json!({"user": "nelly", "channel": "Lounge"}));
    let told = stage.told(since, 1).await;
    assert_eq!(told[0].0, EventKind::VoiceJoined);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn deleted_text_is_gone_from_redis() {
    let redis = RedisServer::start(&[]).await;
    let stage = stage(&redis).await;
    let gateway = stage.gateway().await;
    let since = stage.now().await;
    let message = say(&stage, "a slip of the tongue");
    stage.told(since, 1).await;
    stage.act(
        "delete-message",
        json!({"channel": "general", "message": message}),
    );
    let told = stage.told(since, 2).await;
    assert_eq!(told[0].1["content"], json!(null), "{told:?}");
    assert_eq!(told[1].0, EventKind::MessageDeleted);
    assert!(gateway.stop().await);
}
