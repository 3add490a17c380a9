use contracts::{
    EventId, EventKind,
    command::{Act, Messages, Post, React, ReadMessages},
    rpc::{Done, MessageSent},
};
use serde_json::{Value, json};

use super::Stage;

fn post(stage: &Stage, channel: &str, content: &str) -> Act {
    Act::SendMessage(Post {
        guild_id: stage.guild,
        channel_id: stage.channel_id(channel),
        content: content.to_owned(),
    })
}

fn read(stage: &Stage, channel: &str) -> Act {
    Act::ReadMessages(ReadMessages {
        guild_id: stage.guild,
        channel_id: stage.channel_id(channel),
        before: None,
        limit: 10,
    })
}

/// The messages that browsers were told of since.
async fn told(stage: &Stage, since: EventId, count: usize) -> Vec<Value> {
    let told = stage.told(since, count).await.into_iter();
    told.filter(|(kind, _)| *kind == EventKind::MessageCreated)
        .map(|(_, payload)| payload)
        .collect()
}

#[tokio::test]
async fn a_message_shows_its_user_and_browsers_learn_whose_it_is() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let (since, priya) = (stage.now().await, stage.user_id("priya"));
    let act = post(&stage, "general", "hello @everyone");
    let sent: MessageSent = gateway.done(priya, &act).await;
    let next: MessageSent = gateway.done(stage.user_id("nelly"), &act).await;
    let told = told(&stage, since, 2).await;
    assert_eq!(told[0]["messageId"], sent.message_id.to_string());
    assert_eq!(told[0]["content"], "hello @everyone");
    let author = &told[0]["author"];
    assert_eq!(author["onBehalfOf"], priya.to_string());
    assert_eq!(
        (&author["username"], &author["bot"]),
        (&json!("P"), &json!(true))
    );
    assert_eq!(told[1]["messageId"], next.message_id.to_string());
    assert_eq!(told[1]["author"]["onBehalfOf"], stage.user("nelly"));
    // one webhook for all of them
    let calls = stage.control.calls(0, 1_000);
    let made = calls.iter().filter(|call| {
        let path = call["path"].as_str().unwrap();
        call["method"] == "POST" && path.ends_with("/webhooks")
    });
    assert_eq!(made.count(), 1);

    let messages: Messages = gateway
        .done(stage.user_id("mason"), &read(&stage, "general"))
        .await;
    let newest = &messages.messages[0];
    assert_eq!(newest.message_id, next.message_id);
    assert_eq!(newest.author.on_behalf_of, Some(stage.user_id("nelly")));
    assert!(messages.messages.len() > 2, "and what was there before");
    let newer: MessageSent = gateway
        .done(priya, &post(&stage, "general", "one more"))
        .await;
    let messages: Messages = gateway
        .done(stage.user_id("mason"), &read(&stage, "general"))
        .await;
    let newest = messages.messages[0].message_id;
    assert_eq!(newest, newer.message_id, "the latest are no older answer");
}

#[tokio::test]
async fn without_a_webhook_the_bot_writes_and_names_whom_it_writes_for() {
    let stage = Stage::new().await;
    stage.act(
        "role",
        json!({"role": "Fanfare", "permissions":
        "VIEW_CHANNEL|SEND_MESSAGES|READ_MESSAGE_HISTORY|CONNECT|ADD_REACTIONS"}),
    );
    let gateway = stage.gateway().await;
    let (since, priya) = (stage.now().await, stage.user_id("priya"));
    let act = post(&stage, "general", "hello");
    let sent: MessageSent = gateway.done(priya, &act).await;
    let told = told(&stage, since, 1).await;
    assert_eq!(told[0]["messageId"], sent.message_id.to_string());
    assert_eq!(told[0]["content"], "**P**: hello");
    assert_eq!(told[0]["author"]["onBehalfOf"], priya.to_string());
}

#[tokio::test]
async fn a_webhook_that_somebody_removed_is_made_anew() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let priya = stage.user_id("priya");
    let act = post(&stage, "general", "hello");
    let MessageSent { .. } = gateway.done(priya, &act).await;
    // another gateway's webhook is removed by the channel's guild: simulated by a client with the bot's token
    let rest = discord::Rest::new(
        &environment::Secret::from("a-token-of-the-tests"),
        &format!("http://{}/api/v10", stage.discord),
    )
    .unwrap();
    let hooks = rest
        .channel_webhooks(stage.channel_id("general"))
        .await
        .unwrap();
    delete(&stage, &format!("/api/v10/webhooks/{}", hooks[0].id)).await;
    let MessageSent { .. } = gateway.done(priya, &act).await;
    let hooks = rest
        .channel_webhooks(stage.channel_id("general"))
        .await
        .unwrap();
    assert_eq!(hooks.len(), 1);
}

async fn delete(stage: &Stage, path: &str) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(stage.discord).await.unwrap();
    let head = format!(
        "DELETE {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bot a-token-of-the-tests\r\n\
         User-Agent: DiscordBot (x, 1)\r\nConnection: close\r\n\r\n",
        stage.discord
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
}

#[tokio::test]
async fn a_message_in_a_thread_goes_through_its_channels_webhook() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let thread = stage.act(
        "thread",
        json!({"user": "priya", "channel": "general", "name": "side talk"}),
    );
    let id = thread["id"].as_str().or(thread["thread"].as_str()).unwrap();
    let act = Act::SendMessage(Post {
        guild_id: stage.guild,
        channel_id: id.parse().unwrap(),
        content: "aside".to_owned(),
    });
    stage.act(
        "role",
        json!({"role": stage.guild, "permissions":
        "VIEW_CHANNEL|SEND_MESSAGES|SEND_MESSAGES_IN_THREADS|READ_MESSAGE_HISTORY"}),
    );
    crate::stage::until("the gateway knows the thread", async || {
        gateway
            .ask_as("thread", stage.user_id("priya"), &act)
            .await
            .is_ok()
    })
    .await;
}

#[tokio::test]
async fn reading_and_writing_need_the_users_own_permissions() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let (nelly, mason) = (stage.user_id("nelly"), stage.user_id("mason"));
    let hidden = (404, "not-found".to_owned());
    let act = post(&stage, "staff-notes", "psst");
    assert_eq!(gateway.refused(mason, &act).await, hidden);
    assert_eq!(
        gateway.refused(mason, &read(&stage, "staff-notes")).await,
        hidden
    );
    assert_eq!(
        gateway.refused(mason, &post(&stage, "Counter", "x")).await,
        hidden
    );
    let MessageSent { .. } = gateway.done(nelly, &act).await;
    let Messages { messages } = gateway.done(nelly, &read(&stage, "staff-notes")).await;
    assert_eq!(messages[0].content.as_deref(), Some("psst"));

    stage.act(
        "overwrite",
        json!({"channel": "general", "user": "mason",
        "deny": "SEND_MESSAGES|ADD_REACTIONS"}),
    );
    let write = post(&stage, "general", "may I?");
    crate::stage::until("the gateway knows", async || {
        let answer = gateway.ask_as(&super::fresh_key(), mason, &write).await;
        answer.is_err_and(|error| error.code == "missing-permission" && error.status == 403)
    })
    .await;
    let Messages { messages } = gateway.done(mason, &read(&stage, "general")).await;
    let react = Act::AddReaction(React {
        guild_id: stage.guild,
        channel_id: stage.channel_id("general"),
        message_id: messages[0].message_id,
        emoji: "🔥".to_owned(),
    });
    let refused = gateway.refused(mason, &react).await;
    assert_eq!(refused, (403, "missing-permission".to_owned()));
}

#[tokio::test]
async fn a_reaction_is_the_bots() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let (since, mason) = (stage.now().await, stage.user_id("mason"));
    let Messages { messages } = gateway.done(mason, &read(&stage, "general")).await;
    let react = |message_id, emoji: &str| {
        Act::AddReaction(React {
            guild_id: stage.guild,
            channel_id: stage.channel_id("general"),
            message_id,
            emoji: emoji.to_owned(),
        })
    };
    let message = messages[0].message_id;
    let Done {} = gateway.done(mason, &react(message, "🔥")).await;
    let told = stage.told(since, 1).await;
    assert_eq!(told[0].0, EventKind::ReactionAdded);
    assert_eq!(told[0].1["emoji"]["name"], "🔥");
    let unknown = react(contracts::MessageId::new(1), "🔥");
    assert_eq!(
        gateway.refused(mason, &unknown).await,
        (404, "not-found".to_owned())
    );
    let bad = gateway.refused(mason, &react(message, "nothing")).await;
    assert_eq!(bad, (400, "validation".to_owned()));
    stage.act("block", json!({"user": "amara"}));
    for message in messages
        .iter()
        .filter(|message| message.author.username == "amara")
    {
        let refused = gateway
            .refused(mason, &react(message.message_id, "👍"))
            .await;
        assert_eq!(refused, (403, "reaction-blocked".to_owned()));
    }
}
