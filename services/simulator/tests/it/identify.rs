//! From HELLO to READY, and every way to be refused.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    shard::{FULL, PLAIN, Shard, identify},
    stage::Stage,
};

#[tokio::test]
async fn a_bot_gets_ready_and_its_guilds() {
    let stage = Stage::start().await;
    let mut shard = Shard::connect(&stage).await;
    let ready = shard.identify(FULL, 0, 1).await;
    assert_eq!(ready["v"], 10);
    assert_eq!(ready["user"]["username"], "fanfare");
    assert_eq!(
        ready["guilds"][0],
        json!({ "id": stage.home(), "unavailable": true })
    );
    assert_eq!(shard.seq, 3, "READY and two guilds");
    let cafe = &ready["created"][0];
    assert_eq!(cafe["name"], "Fanfare Café");
    assert_eq!(cafe["members"].as_array().unwrap().len(), 18);
    assert_eq!(cafe["voice_states"].as_array().unwrap().len(), 5);
    assert!(cafe["voice_states"][0].get("guild_id").is_none());
    shard.send(&json!({ "op": 1, "d": shard.seq })).await;
    assert_eq!(shard.json().await["op"], 11);
}

#[tokio::test]
async fn without_the_privileged_intents_only_those_in_voice_are_listed() {
    let stage = Stage::start().await;
    let (_, ready) = Shard::ready(&stage, PLAIN).await;
    let cafe = &ready["created"][0];
    assert_eq!(
        cafe["members"].as_array().unwrap().len(),
        6,
        "five in voice and the bot"
    );
    assert!(cafe["presences"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn channels_that_the_bot_cannot_view_are_obfuscated() {
    let stage = Stage::start().await;
    let (mut shard, ready) = Shard::ready(&stage, PLAIN).await;
    let vault = stage.id("channels", "Vault");
    let channels = ready["created"][0]["channels"].as_array().unwrap();
    let hidden: Vec<&Value> = channels.iter().filter(|c| c["flags"] == 1 << 17).collect();
    assert_eq!(hidden.len(), 1);
    assert_eq!(hidden[0]["id"], vault);
    assert_eq!(hidden[0]["name"], "___hidden___");
    stage.act(
        "overwrite",
        json!({ "channel": "Vault", "user": "fanfare", "allow": "VIEW_CHANNEL|CONNECT" }),
    );
    let shown = shard.until("CHANNEL_UPDATE").await;
    assert_eq!(
        (&shown["name"], &shown["flags"]),
        (&json!("Vault"), &json!(0))
    );
    let (_, listed) = stage
        .get(&format!("/guilds/{}/channels", stage.home()))
        .await;
    assert!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .any(|channel| channel["id"] == vault)
    );
}

#[tokio::test]
async fn guilds_go_to_their_shards_and_sessions_coexist() {
    let stage = Stage::start().await;
    let (mut first, mut second) = (Shard::connect(&stage).await, Shard::connect(&stage).await);
    let (one, two) = (
        first.identify(PLAIN, 0, 2).await,
        second.identify(PLAIN, 1, 2).await,
    );
    assert_eq!(one["created"][0]["name"], "Fanfare Café");
    assert_eq!(two["created"][0]["name"], "Night Owls");
    let (mut twin, _) = Shard::ready(&stage, PLAIN).await;
    stage.act("join", json!({ "user": "nelly", "channel": "Lounge" }));
    first.until("VOICE_STATE_UPDATE").await;
    twin.until("VOICE_STATE_UPDATE").await;
    stage.act(
        "join",
        json!({ "user": "nelly", "guild": "Night Owls", "channel": "Perch" }),
    );
    assert_eq!(
        second.until("VOICE_STATE_UPDATE").await["guild_id"],
        stage.guild("Night Owls")
    );
}

async fn refused(stage: &Stage, payload: &str) -> u16 {
    let mut shard = Shard::connect(stage).await;
    shard.send_text(payload).await;
    shard.closed().await
}

#[tokio::test]
async fn every_wrong_identify_has_its_close_code() {
    let stage = Stage::with(|config| {
        config.bot_token = Some("token".into());
        config.privileged_intents = 0;
    })
    .await;
    let bad = |token, intents, shard: Value| identify(token, intents, &shard).to_string();
    let heartbeat = json!({ "op": 1, "d": null });
    let long = json!({ "op": 1, "d": null, "x": "y".repeat(4096) }).to_string();
    let early = json!({ "op": 8, "d": { "guild_id": "1", "query": "", "limit": 0 } });
    for (payload, code) in [
        (json!({ "op": 99, "d": null }).to_string(), 4001),
        ("{ not json".to_owned(), 4002),
        (long, 4002),
        (
            json!({ "op": 2, "d": { "token": "token" } }).to_string(),
            4002,
        ),
        (early.to_string(), 4003),
        (bad("wrong", 1, json!([0, 1])), 4004),
        (bad("token", 1, json!([1, 1])), 4010),
        (bad("token", 1, json!([0, 0])), 4010),
        (bad("token", 1 << 40, json!([0, 1])), 4013),
        (bad("token", FULL, json!([0, 1])), 4014),
    ] {
        assert_eq!(refused(&stage, &payload).await, code, "{payload}");
    }
    let mut shard = Shard::connect(&stage).await;
    shard.identify(PLAIN, 0, 1).await;
    shard.send(&identify("token", PLAIN, &json!([0, 1]))).await;
    assert_eq!(shard.closed().await, 4005);
    let mut shard = Shard::connect(&stage).await;
    for _ in 0..121 {
        shard.send(&heartbeat).await;
    }
    assert_eq!(shard.closed().await, 4008);
    for (query, code) in [("?v=3&encoding=json", 4012), ("?v=10&encoding=etf", 4002)] {
        let mut shard = Shard::open(&format!("ws://{}/{query}", stage.addr)).await;
        assert_eq!(shard.closed().await, code, "{query}");
    }
}

#[tokio::test]
async fn a_silent_client_is_closed() {
    let stage = Stage::with(|config| config.heartbeat_interval = Duration::from_millis(100)).await;
    let mut shard = Shard::connect(&stage).await;
    assert_eq!(shard.closed().await, 4009);
}

#[tokio::test]
async fn identifying_too_fast_is_an_invalid_session_and_can_be_tried_again() {
    let stage = Stage::with(|config| config.identify_interval = Duration::from_millis(1500)).await;
    let (_first, _) = Shard::ready(&stage, PLAIN).await;
    let mut second = Shard::connect(&stage).await;
    second.send(&identify("token", PLAIN, &json!([0, 1]))).await;
    let answer = second.json().await;
    assert_eq!((&answer["op"], &answer["d"]), (&json!(9), &json!(false)));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    second.identify(PLAIN, 0, 1).await;
    let (_, gateway) = stage.get("/gateway/bot").await;
    assert_eq!(
        gateway["session_start_limit"]["remaining"], 998,
        "op 9 costs nothing: {gateway}"
    );
}

#[tokio::test]
async fn an_exhausted_budget_resets_the_token() {
    let stage = Stage::with(|config| config.session_budget = 2).await;
    let (mut first, _) = Shard::ready(&stage, PLAIN).await;
    let mut second = Shard::connect(&stage).await;
    second.send(&identify("token", PLAIN, &json!([0, 1]))).await;
    assert_eq!(second.closed().await, 4004);
    assert_eq!(first.closed().await, 4004);
    assert_eq!(
        stage.send(Method::GET, "/users/@me", &json!({})).await.0,
        401
    );
}

#[tokio::test]
async fn members_can_be_asked_for() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let all = json!({ "op": 8, "d": { "guild_id": stage.home(), "query": "", "limit": 0, "nonce": "n" } });
    shard.send(&all).await;
    let chunk = shard.until("GUILD_MEMBERS_CHUNK").await;
    assert_eq!(chunk["members"].as_array().unwrap().len(), 18);
    assert_eq!(
        (&chunk["chunk_count"], &chunk["nonce"]),
        (&json!(1), &json!("n"))
    );
    shard.send(&all).await;
    assert_eq!(shard.until("RATE_LIMITED").await["opcode"], 8);
    let ids = json!([stage.id("members", "mason"), "1"]);
    shard
        .send(&json!({ "op": 8, "d": { "guild_id": stage.home(), "user_ids": ids, "limit": 0 } }))
        .await;
    let chunk = shard.until("GUILD_MEMBERS_CHUNK").await;
    assert_eq!(chunk["members"][0]["user"]["username"], "mason");
    assert_eq!(chunk["not_found"], json!(["1"]));
}

#[tokio::test]
async fn the_bot_itself_can_enter_voice() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, PLAIN).await;
    let lounge = stage.id("channels", "Lounge");
    let join = json!({ "guild_id": stage.home(), "channel_id": lounge, "self_mute": true, "self_deaf": false });
    shard.send(&json!({ "op": 4, "d": join })).await;
    assert_eq!(
        shard.until("VOICE_STATE_UPDATE").await["channel_id"],
        lounge
    );
    shard.until("VOICE_SERVER_UPDATE").await;
}
