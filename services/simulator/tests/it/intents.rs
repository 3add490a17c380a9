//! Who hears what.

use serde_json::json;

use crate::{
    shard::{FULL, PLAIN, Shard},
    stage::Stage,
};

/// Makes one event of each family, then a room that marks the end.
fn everything(stage: &Stage) {
    stage.act("join", json!({ "user": "nelly", "channel": "Lounge" }));
    stage.act(
        "message",
        json!({ "user": "mason", "channel": "general", "content": "hello" }),
    );
    stage.act("react", json!({ "user": "nelly", "channel": "general" }));
    stage.act("type", json!({ "user": "mason", "channel": "general" }));
    stage.act("presence", json!({ "user": "mason", "status": "idle" }));
    stage.act("add-member", json!({ "name": "newcomer" }));
    stage.act("create-channel", json!({ "name": "The end" }));
}

async fn heard(intents: u64) -> Vec<String> {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, intents).await;
    everything(&stage);
    shard.kinds_until("CHANNEL_CREATE").await
}

#[tokio::test]
async fn a_session_hears_what_its_intents_are_for() {
    assert_eq!(heard(1).await, ["CHANNEL_CREATE"]);
    assert_eq!(
        heard(1 | 1 << 7).await,
        ["VOICE_STATE_UPDATE", "CHANNEL_CREATE"]
    );
    let plain = [
        "VOICE_STATE_UPDATE",
        "MESSAGE_CREATE",
        "MESSAGE_REACTION_ADD",
        "TYPING_START",
        "CHANNEL_CREATE",
    ];
    assert_eq!(heard(PLAIN).await, plain);
    let full = [
        "VOICE_STATE_UPDATE",
        "MESSAGE_CREATE",
        "MESSAGE_REACTION_ADD",
        "TYPING_START",
        "PRESENCE_UPDATE",
        "PRESENCE_UPDATE",
        "GUILD_MEMBER_ADD",
        "CHANNEL_CREATE",
    ];
    let heard = heard(FULL).await;
    // Mason is in one guild of the bot only, so there is one presence.
    let expected: Vec<&str> = full
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != 5)
        .map(|(_, kind)| *kind)
        .collect();
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn without_message_content_only_own_messages_and_mentions_have_content() {
    let stage = Stage::start().await;
    let (mut shard, ready) = Shard::ready(&stage, PLAIN).await;
    let bot = ready["user"]["id"].as_str().unwrap();
    let say = |text: &str| {
        stage.act(
            "message",
            json!({ "user": "mason", "channel": "general", "content": text }),
        )
    };
    say("a secret");
    assert_eq!(shard.until("MESSAGE_CREATE").await["content"], "");
    let mention = format!("hey <@{bot}>");
    say(&mention);
    let message = shard.until("MESSAGE_CREATE").await;
    assert_eq!(message["content"], mention);
    assert_eq!(message["mentions"][0]["id"], bot);
    let general = stage.id("channels", "general");
    let path = format!("/channels/{general}/messages");
    stage
        .send(reqwest::Method::POST, &path, &json!({ "content": "mine" }))
        .await;
    assert_eq!(shard.until("MESSAGE_CREATE").await["content"], "mine");
}

#[tokio::test]
async fn messages_of_hidden_channels_are_not_heard_but_their_voice_is() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    stage.act(
        "message",
        json!({ "user": "amara", "channel": "Vault", "content": "psst" }),
    );
    stage.act("join", json!({ "user": "amara", "channel": "Vault" }));
    assert_eq!(
        shard.kinds_until("VOICE_STATE_UPDATE").await,
        ["VOICE_STATE_UPDATE"]
    );
}
