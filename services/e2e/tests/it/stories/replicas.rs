use reqwest::header;
use serde_json::{Value, json};

use crate::stack::{Stack, client};

#[tokio::test(flavor = "multi_thread")]
async fn one_join_in_discord_reaches_a_browser_on_each_of_three_replicas() {
    let stack = Stack::start(3).await;
    stack.control.empty_rooms().await;
    let (room, name) = stack.control.room(0).await;
    let first = stack.browser(0).await;
    let mut streams = Vec::new();
    for web in &stack.webs {
        // The session made at the first replica holds at all of them: no sticky sessions.
        let stream = first.at(&web.url).stream("snapshot=1", None).await;
        stream
            .wait_for("a snapshot", |event| event.event == "snapshot")
            .await;
        streams.push(stream);
    }
    stack
        .control
        .act("join", json!({"user": "mason", "channel": name}))
        .await;
    let mut ids = Vec::new();
    for stream in &streams {
        let joined = stream
            .wait_for("mason's join", |event| event.event == "voice.joined")
            .await;
        assert_eq!(joined.data["channelId"], Value::String(room.clone()));
        assert_eq!(joined.data["username"], "mason");
        ids.push(joined.id);
    }
    assert!(
        ids.iter().all(|id| *id == ids[0]),
        "one event has one id everywhere: {ids:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_continues_exactly_on_another_replica() {
    let stack = Stack::start(2).await;
    stack.control.empty_rooms().await;
    let (_, name) = stack.control.room(0).await;
    let browser = stack.browser(0).await;
    let stream = browser.stream("", None).await;
    for user in ["mason", "amara"] {
        stack
            .control
            .act("join", json!({"user": user, "channel": name}))
            .await;
    }
    let seen = stream
        .wait_for("mason's join", |event| event.data["username"] == "mason")
        .await;
    let next = stream
        .wait_for("amara's join", |event| event.data["username"] == "amara")
        .await;
    drop(stream);
    stack.control.act("leave", json!({"user": "mason"})).await;

    let resumed = browser
        .at(&stack.webs[1].url)
        .stream("", Some(&seen.id))
        .await;
    let left = resumed
        .wait_for("mason's leave", |event| event.event == "voice.left")
        .await;
    let received = resumed.received();
    assert_eq!(received.len(), 2, "exactly what was missed: {received:#?}");
    assert_eq!((&received[0].id, &received[0].data), (&next.id, &next.data));
    assert_eq!(received[1].id, left.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_needs_a_session_and_a_private_channel_is_never_streamed() {
    let stack = Stack::start(1).await;
    stack.control.empty_rooms().await;
    let url = format!("{}/api/stream", stack.webs[0].url);
    let refused = client().get(&url).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(
        refused.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["status"], 401, "{problem}");

    let browser = stack.browser(0).await;
    let stream = browser.stream("snapshot=1", None).await;
    stream
        .wait_for("a snapshot", |event| event.event == "snapshot")
        .await;
    let made = json!({"name": "Secret Room", "type": 2, "private": true});
    stack.control.act("create-channel", made).await;
    stack
        .control
        .act("join", json!({"user": "amara", "channel": "Secret Room"}))
        .await;
    let (_, open) = stack.control.room(0).await;
    stack
        .control
        .act("join", json!({"user": "mason", "channel": open}))
        .await;
    stream
        .wait_for("mason's join", |event| event.data["username"] == "mason")
        .await;
    let all = format!("{:?}", stream.received());
    assert!(
        !all.contains("Secret Room") && !all.contains("amara"),
        "{all}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_signed_in_finds_oneself_the_guilds_and_the_rooms() {
    let stack = Stack::start(1).await;
    stack.control.empty_rooms().await;
    let (room, name) = stack.control.room(0).await;
    stack
        .control
        .act("join", json!({"user": "mason", "channel": name}))
        .await;
    let browser = stack.browser(0).await;
    let me: Value = browser.get("/api/me").await.json().await.unwrap();
    assert_eq!(me["username"], "nelly", "{me}");
    let guild = stack.control.guild().await;
    let guilds: Value = browser.get("/api/guilds").await.json().await.unwrap();
    assert!(guilds.to_string().contains(&guild), "{guilds}");

    let path = format!("/api/guilds/{guild}/rooms");
    let deadline = std::time::Instant::now() + crate::process::PATIENCE;
    loop {
        let rooms: Value = browser.get(&path).await.json().await.unwrap();
        let found = rooms["rooms"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["channelId"] == room.as_str()));
        if found.is_some_and(|found| found["members"][0]["username"] == "mason") {
            break;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "mason is in no room: {rooms}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_the_bot_may_no_longer_see_goes_from_every_screen_and_comes_back() {
    let stack = Stack::start(2).await;
    stack.control.empty_rooms().await;
    let (room, name) = stack.control.room(0).await;
    let everyone = stack.control.guild().await;
    stack
        .control
        .act("join", json!({"user": "mason", "channel": name}))
        .await;
    let browser = stack.browser(0).await;
    let streams = [
        browser.stream("snapshot=1", None).await,
        browser.at(&stack.webs[1].url).stream("", None).await,
    ];
    streams[0]
        .wait_for("a snapshot", |event| event.event == "snapshot")
        .await;
    let overwrite = |deny: &str| json!({"channel": room, "role": everyone, "deny": deny});
    stack.control.act("overwrite", overwrite("1024")).await;
    for stream in &streams {
        let gone = stream
            .wait_for("the room's end", |event| event.event == "room.deleted")
            .await;
        assert_eq!(gone.data["channelId"], Value::String(room.clone()));
    }
    stack.control.act("overwrite", overwrite("0")).await;
    for stream in &streams {
        stream
            .wait_for("the room's return", |event| event.event == "room.created")
            .await;
        stream
            .wait_for("mason in it", |event| event.data["username"] == "mason")
            .await;
    }
}
