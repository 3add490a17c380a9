//! The control API over HTTP, pictures and the page.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    shard::{FULL, Shard},
    stage::{Stage, answer, guild},
};

async fn post(stage: &Stage, path: &str, body: &Value) -> (u16, Value) {
    answer(
        stage
            .http
            .request(Method::POST, stage.url(&format!("/control/{path}")))
            .json(body),
    )
    .await
}

#[tokio::test]
async fn an_act_answers_ids_and_when_it_was_told() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let body = json!({ "user": "nelly", "channel": "general", "content": "hello", "mark": "m-17" });
    let (status, done) = post(&stage, "message", &body).await;
    assert_eq!(status, 200, "{done}");
    assert_eq!(done["dispatches"], 1);
    assert!(
        (done["at"].as_f64().unwrap() * 1000.0 - done["atMicros"].as_f64().unwrap()).abs() < 2.0
    );
    let heard = shard.until("MESSAGE_CREATE").await;
    assert_eq!(
        (&heard["id"], &heard["content"]),
        (&done["id"], &json!("hello m-17"))
    );
    let (_, log) = answer(
        stage
            .http
            .get(stage.url("/control/log?since=0&t=MESSAGE_CREATE")),
    )
    .await;
    let entry = &log["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&entry["n"], &entry["atMicros"]),
        (&done["log"], &done["atMicros"])
    );
    assert_eq!(
        (&entry["d"]["id"], &entry["sessions"]),
        (&done["id"], &json!(1))
    );
}

#[tokio::test]
async fn every_act_works_by_name() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    for (act, body, kind) in [
        (
            "join",
            json!({ "user": "nelly", "channel": "lounge" }),
            "VOICE_STATE_UPDATE",
        ),
        (
            "move",
            json!({ "user": "nelly", "channel": "Study Nook" }),
            "VOICE_STATE_UPDATE",
        ),
        ("mute", json!({ "user": "nelly" }), "VOICE_STATE_UPDATE"),
        ("leave", json!({ "user": "nelly" }), "VOICE_STATE_UPDATE"),
        (
            "create-channel",
            json!({ "name": "New", "type": 2, "parent": "Rooms" }),
            "CHANNEL_CREATE",
        ),
        (
            "update-channel",
            json!({ "channel": "New", "name": "Newer" }),
            "CHANNEL_UPDATE",
        ),
        (
            "update-channel",
            json!({ "channel": "Newer", "status": "busy" }),
            "VOICE_CHANNEL_STATUS_UPDATE",
        ),
        (
            "overwrite",
            json!({ "channel": "Newer", "role": "barista", "deny": "CONNECT" }),
            "CHANNEL_UPDATE",
        ),
        (
            "overwrite",
            json!({ "channel": "Newer", "role": "barista", "remove": true }),
            "CHANNEL_UPDATE",
        ),
        (
            "delete-channel",
            json!({ "channel": "Newer" }),
            "CHANNEL_DELETE",
        ),
        (
            "message",
            json!({ "user": "mason", "channel": "general", "content": "a" }),
            "MESSAGE_CREATE",
        ),
        (
            "edit-message",
            json!({ "channel": "general", "content": "b" }),
            "MESSAGE_UPDATE",
        ),
        (
            "pin",
            json!({ "channel": "general" }),
            "CHANNEL_PINS_UPDATE",
        ),
        (
            "react",
            json!({ "user": "nelly", "channel": "general", "emoji": "☕" }),
            "MESSAGE_REACTION_ADD",
        ),
        (
            "unreact",
            json!({ "user": "nelly", "channel": "general", "emoji": "☕" }),
            "MESSAGE_REACTION_REMOVE",
        ),
        (
            "clear-reactions",
            json!({ "channel": "general" }),
            "MESSAGE_REACTION_REMOVE_ALL",
        ),
        (
            "delete-message",
            json!({ "channel": "general" }),
            "MESSAGE_DELETE",
        ),
        (
            "delete-message",
            json!({ "channel": "general", "count": 2 }),
            "MESSAGE_DELETE_BULK",
        ),
        (
            "type",
            json!({ "user": "nelly", "channel": "general" }),
            "TYPING_START",
        ),
        (
            "presence",
            json!({ "user": "nelly", "status": "dnd", "activity": "Chess" }),
            "PRESENCE_UPDATE",
        ),
        (
            "role",
            json!({ "user": "mason", "role": "barista" }),
            "GUILD_MEMBER_UPDATE",
        ),
        (
            "role",
            json!({ "name": "chef", "permissions": "MANAGE_CHANNELS" }),
            "GUILD_ROLE_CREATE",
        ),
        (
            "role",
            json!({ "role": "chef", "permissions": "0" }),
            "GUILD_ROLE_UPDATE",
        ),
        (
            "role",
            json!({ "role": "chef", "remove": true }),
            "GUILD_ROLE_DELETE",
        ),
        (
            "timeout",
            json!({ "user": "bram", "for_ms": 1000 }),
            "GUILD_MEMBER_UPDATE",
        ),
        ("kick", json!({ "user": "mason" }), "GUILD_MEMBER_REMOVE"),
        ("add-member", json!({ "user": "mason" }), "GUILD_MEMBER_ADD"),
        (
            "rename-user",
            json!({ "user": "mason", "nick": "Mas" }),
            "GUILD_MEMBER_UPDATE",
        ),
        (
            "thread",
            json!({ "user": "mason", "channel": "general", "name": "T" }),
            "THREAD_CREATE",
        ),
        (
            "thread",
            json!({ "user": "nelly", "thread": "T" }),
            "THREAD_MEMBERS_UPDATE",
        ),
        (
            "rename-guild",
            json!({ "name": "Fanfare Café" }),
            "GUILD_UPDATE",
        ),
        ("outage", json!({}), "GUILD_DELETE"),
        ("outage", json!({ "over": true }), "GUILD_CREATE"),
        (
            "remove-guild",
            json!({ "guild": "Night Owls" }),
            "GUILD_DELETE",
        ),
        (
            "add-guild",
            json!({ "guild": "Quiet Garden" }),
            "GUILD_CREATE",
        ),
        ("add-guild", json!({ "name": "Brand New" }), "GUILD_CREATE"),
    ] {
        let (status, done) = post(&stage, act, &body).await;
        assert_eq!(status, 200, "{act} {body}: {done}");
        shard.until(kind).await;
    }
    let error = stage
        .control
        .act("kick", json!({ "user": "nelly", "guild": "Quiet Garden" }));
    error.unwrap();
}

#[tokio::test]
async fn a_wrong_name_is_a_problem_that_names_the_field() {
    let stage = Stage::start().await;
    for (act, body, status, field) in [
        (
            "join",
            json!({ "user": "nobody", "channel": "Lounge" }),
            404,
            "user",
        ),
        (
            "join",
            json!({ "user": "nelly", "channel": "Attic" }),
            404,
            "channel",
        ),
        (
            "join",
            json!({ "user": "nelly", "guild": "Atlantis", "channel": "Lounge" }),
            404,
            "guild",
        ),
        ("join", json!({ "user": "nelly" }), 400, "channel"),
        (
            "role",
            json!({ "user": "nelly", "role": "king" }),
            404,
            "role",
        ),
        ("dance", json!({}), 404, "act"),
        ("burst", json!({ "count": 0 }), 400, "count"),
        ("scenario", json!({ "name": "quiet" }), 400, "scenario"),
    ] {
        let (seen, problem) = post(&stage, act, &body).await;
        assert_eq!(
            (seen, &problem["field"]),
            (status, &json!(field)),
            "{act} {body}: {problem}"
        );
    }
    let moved = post(
        &stage,
        "move",
        &json!({ "user": "nelly", "channel": "Lounge" }),
    )
    .await;
    assert_eq!((moved.0, &moved.1["code"]), (409, &json!(40_032)));
}

#[tokio::test]
async fn a_burst_is_complete_and_numbered() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let (status, done) = post(
        &stage,
        "burst",
        &json!({ "count": 500, "rate": 2000.0, "wait": true }),
    )
    .await;
    assert_eq!(status, 200, "{done}");
    assert!(done["lastMicros"].as_u64() >= done["firstMicros"].as_u64());
    for number in 1..=500 {
        let message = shard.until("MESSAGE_CREATE").await;
        let content = message["content"].as_str().unwrap();
        let (first, micros) = content.split_once(' ').unwrap();
        assert_eq!(first, format!("#{number}"));
        assert!(micros.parse::<u64>().unwrap() > 1_600_000_000_000_000);
    }
    post(&stage, "burst", &json!({ "count": 50, "kind": "voice" })).await;
    for _ in 0..50 {
        shard.until("VOICE_STATE_UPDATE").await;
    }
}

#[tokio::test]
async fn scenarios_play_and_stop() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let lines = json!([
        { "at_ms": 20, "do": "leave", "user": "nelly" },
        { "at_ms": 0, "do": "join", "user": "nelly", "channel": "Lounge" },
    ]);
    post(&stage, "scenario", &json!({ "script": lines })).await;
    assert_eq!(
        shard.until("VOICE_STATE_UPDATE").await["channel_id"],
        stage.id("channels", "Lounge")
    );
    assert_eq!(
        shard.until("VOICE_STATE_UPDATE").await["channel_id"],
        Value::Null
    );
    let (_, playing) = post(
        &stage,
        "scenario",
        &json!({ "name": "lively", "rate": 500.0, "seed": 3 }),
    )
    .await;
    assert_eq!(playing["name"], "lively");
    for _ in 0..50 {
        shard.json().await;
    }
    stage
        .http
        .delete(stage.url("/control/scenario"))
        .send()
        .await
        .unwrap();
    assert_eq!(stage.control.state()["scenario"], Value::Null);
}

#[tokio::test]
async fn the_state_tells_who_is_where() {
    let stage = Stage::start().await;
    stage.act("join", json!({ "user": "mason", "channel": "Lounge" }));
    let (_, state) = answer(stage.http.get(stage.url("/control/state"))).await;
    let cafe = guild(&state, "Fanfare Café");
    let mason = cafe["voice"]
        .as_array()
        .unwrap()
        .iter()
        .find(|voice| voice["name"] == "mason")
        .unwrap();
    assert_eq!(mason["channelName"], "Lounge");
    assert_eq!(guild(&state, "Quiet Garden")["bot"], false);
    assert_eq!(state["defaultGuild"], cafe["id"]);
    let page = stage
        .http
        .get(stage.url("/"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("Discord simulator"));
}

#[tokio::test]
async fn pictures_are_pngs_of_the_size_asked_for() {
    let stage = Stage::start().await;
    let state = stage.control.state();
    let find = |name: &str| {
        let users = state["users"].as_array().unwrap();
        let user = users.iter().find(|user| user["name"] == name).unwrap();
        user["avatar"].as_str().unwrap().to_owned()
    };
    let read = async |path: String| {
        let response = stage.http.get(stage.url(&path)).send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap())
    };
    let width = |png: &[u8]| u32::from_be_bytes(png[16..20].try_into().unwrap());
    let (status, png) = read(format!("{}?size=64", find("nelly"))).await;
    assert_eq!(
        (status, &png[1..4], width(&png)),
        (200, b"PNG".as_slice(), 64)
    );
    assert_eq!(
        read(format!("{}?size=64", find("nelly"))).await.1,
        png,
        "always the same"
    );
    assert_ne!(read(format!("{}?size=64", find("amara"))).await.1, png);
    assert!(find("mason").starts_with("/cdn/embed/avatars/"));
    assert_eq!(read(find("mason")).await.0, 200);
    assert_eq!(read(format!("{}?size=63", find("nelly"))).await.0, 400);
    assert_eq!(read("/cdn/avatars/1/abc.png".into()).await.0, 404);
}
