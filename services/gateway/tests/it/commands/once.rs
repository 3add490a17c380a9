use contracts::command::{Act, Post};
use redis_link::testing::RedisServer;

use super::Stage;
use crate::stage::{config, discord};

fn post(stage: &Stage, content: &str) -> Act {
    Act::SendMessage(Post {
        guild_id: stage.guild,
        channel_id: stage.channel_id("general"),
        content: content.to_owned(),
    })
}

fn messages(stage: &Stage) -> u64 {
    let general = stage.simulated_channel(stage.channel_id("general"));
    general.unwrap()["messages"].as_u64().unwrap()
}

#[tokio::test]
async fn what_is_asked_twice_is_done_once() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let (nelly, act) = (stage.user_id("nelly"), post(&stage, "once"));
    let before = messages(&stage);
    // at the same time, and again afterwards
    let (first, second) = tokio::join!(
        gateway.ask_as("key", nelly, &act),
        gateway.ask_as("key", nelly, &act)
    );
    assert_eq!(first.clone().unwrap(), second.unwrap());
    assert_eq!(gateway.ask_as("key", nelly, &act).await, first);
    assert_eq!(messages(&stage), before + 1);
    // another user's key is another key; another wish under the same one is refused
    gateway
        .ask_as("key", stage.user_id("mason"), &act)
        .await
        .unwrap();
    assert_eq!(messages(&stage), before + 2);
    let other = gateway
        .ask_as("key", nelly, &post(&stage, "other"))
        .await
        .unwrap_err();
    assert_eq!(
        (other.status, other.code.as_str()),
        (409, "idempotency-key-reused")
    );
}

#[tokio::test]
async fn what_was_refused_may_be_asked_again_under_its_key() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let mason = stage.user_id("mason");
    let act = stage.make_room("a room");
    for permissions in ["VIEW_CHANNEL", "ADMINISTRATOR"] {
        let role = serde_json::json!({"role": "Fanfare", "permissions": permissions});
        stage.act("role", role);
        let asked = gateway.ask_as("key", mason, &act).await;
        assert_eq!(asked.is_ok(), permissions == "ADMINISTRATOR", "{asked:?}");
    }
}

#[tokio::test]
async fn a_hand_over_between_two_gateways_does_nothing_twice() {
    let redis = RedisServer::start(&[]).await;
    let url = redis.url();
    let shared = [("REDIS_URL", url.as_str())];
    let bus = config(([127, 0, 0, 1], 1).into(), &shared).bus;
    let bus = bus.connect(&prometheus::Registry::new());
    let stage = Stage::with(discord(), bus).await;
    let first = stage.gateway_with(&shared).await;
    let nelly = stage.user_id("nelly");
    let act = stage.make_room("one");
    let made = first.ask_as("key", nelly, &act).await;
    assert!(made.is_ok(), "{made:?}");
    let second = stage.start(stage.config(&shared)).await;
    let elsewhere = second.ask_as("key", nelly, &act).await.unwrap_err();
    assert_eq!(elsewhere.code, contracts::link::LinkError::ELSEWHERE);
    first.die().await;
    crate::stage::until("the other one takes over", async || {
        let again = second.ask_as("key", nelly, &act).await;
        let refused = again.as_ref().is_err_and(|error| error.code == "elsewhere");
        assert!(refused || again == made, "{again:?}");
        again.is_ok()
    })
    .await;
    let guild = stage.simulated();
    let rooms = guild["channels"].as_array().unwrap().iter();
    assert_eq!(rooms.filter(|channel| channel["name"] == "one").count(), 1);
    assert!(second.stop().await);
}
