//! Who may do what: roles, time-outs, kicks, owners, private threads, and what is told of them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    shard::{FULL, PLAIN, Shard},
    stage::{Stage, answer},
};

async fn stage() -> Stage {
    Stage::with(|config| config.rest_limits = false).await
}

/// The bot stands above all others and may do this beside what it may at the start.
fn empower(stage: &Stage, more: &str) {
    stage.act("role", json!({ "name": "extra", "permissions": more }));
    stage.act("role", json!({ "role": "extra", "user": "fanfare" }));
}

async fn delete(stage: &Stage, path: &str) -> (u16, Value) {
    answer(stage.call(Method::DELETE, path)).await
}

#[tokio::test]
async fn roles_are_made_changed_given_and_deleted_below_the_bots_own() {
    let stage = stage().await;
    empower(&stage, "0");
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let (home, mason) = (stage.home(), stage.id("members", "mason"));
    let roles = format!("/guilds/{home}/roles");
    let body = json!({ "name": "crew", "permissions": "1024" });
    let (status, crew) = stage.send(Method::POST, &roles, &body).await;
    assert_eq!((status, &crew["position"]), (200, &json!(1)), "{crew}");
    shard.until("GUILD_ROLE_CREATE").await;
    let too_much = json!({ "name": "boss", "permissions": "8" });
    let (_, refused) = stage.send(Method::POST, &roles, &too_much).await;
    assert_eq!(refused["code"], 50_013);

    let id = crew["id"].as_str().unwrap();
    let one = format!("{roles}/{id}");
    let given = format!("/guilds/{home}/members/{mason}/roles/{id}");
    let status = answer(stage.call(Method::PUT, &given)).await.0;
    assert_eq!(status, 204);
    let told = shard.until("GUILD_MEMBER_UPDATE").await;
    assert!(told["roles"].as_array().unwrap().contains(&json!(id)));
    let name = json!({ "name": "deck" });
    let renamed = stage.send(Method::PATCH, &one, &name).await.1;
    assert_eq!(renamed["name"], "deck");
    let bits = json!({ "permissions": "8" });
    assert_eq!(stage.send(Method::PATCH, &one, &bits).await.0, 403);
    assert_eq!(delete(&stage, &one).await.0, 204);
    assert_eq!(shard.until("GUILD_ROLE_DELETE").await["role_id"], id);
    assert_eq!(delete(&stage, &one).await.1["code"], 10_011);

    stage.act("role", json!({ "name": "above", "permissions": "0" }));
    let above = stage.id("roles", "above");
    let given = format!("/guilds/{home}/members/{mason}/roles/{above}");
    assert_eq!(answer(stage.call(Method::PUT, &given)).await.0, 403);
    let all = json!({ "roles": [above] });
    let member = format!("/guilds/{home}/members/{mason}");
    assert_eq!(stage.send(Method::PATCH, &member, &all).await.0, 403);
    assert_eq!(delete(&stage, &format!("{roles}/{above}")).await.0, 403);
}

#[tokio::test]
async fn whoever_is_kicked_is_gone_and_nobody_is_timed_out_for_ever() {
    let stage = stage().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let path = format!(
        "/guilds/{}/members/{}",
        stage.home(),
        stage.id("members", "mason")
    );
    assert_eq!(delete(&stage, &path).await.1["code"], 50_013);
    let until = |text: &str| json!({ "communication_disabled_until": text });
    let soon = until("2099-01-01T00:00:00+00:00");
    assert_eq!(stage.send(Method::PATCH, &path, &soon).await.0, 400);
    let past = until("2020-01-01T00:00:00+00:00");
    assert_eq!(stage.send(Method::PATCH, &path, &past).await.0, 403);
    empower(&stage, "KICK_MEMBERS|MODERATE_MEMBERS");
    assert_eq!(stage.send(Method::PATCH, &path, &past).await.0, 200);
    let told = shard.until("GUILD_MEMBER_UPDATE").await;
    let told = shard_until_timed_out(&mut shard, told).await;
    assert!(
        told["communication_disabled_until"]
            .as_str()
            .unwrap()
            .starts_with("2020")
    );
    let owner = format!(
        "/guilds/{}/members/{}",
        stage.home(),
        stage.id("members", "amara")
    );
    assert_eq!(delete(&stage, &owner).await.1["code"], 50_013);
    assert_eq!(delete(&stage, &path).await.0, 204);
    shard.until("GUILD_MEMBER_REMOVE").await;
    assert_eq!(stage.get(&path).await.1["code"], 10_007);
}

/// The bot's own new role is told as a member's change too.
async fn shard_until_timed_out(shard: &mut Shard, first: Value) -> Value {
    let mut told = first;
    while told["communication_disabled_until"].is_null() {
        told = shard.until("GUILD_MEMBER_UPDATE").await;
    }
    told
}

#[tokio::test]
async fn a_guild_changes_hands_and_the_owner_may_do_everything() {
    let stage = stage().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    stage.act("owner", json!({ "user": "mason" }));
    let told = shard.until("GUILD_UPDATE").await;
    assert_eq!(told["owner_id"], stage.id("members", "mason"));
    stage.act(
        "add-member",
        json!({ "name": "late", "roles": ["barista"] }),
    );
    let told = shard.until("GUILD_MEMBER_UPDATE").await;
    assert_eq!(told["roles"], json!([stage.id("roles", "barista")]));
    let stranger = stage
        .control
        .act("owner", json!({ "user": "dario", "guild": "Quiet Garden" }));
    assert_eq!(stranger.unwrap_err().code, Some(10_007));
}

#[tokio::test]
async fn a_private_thread_tells_its_members_to_those_who_may_know_them() {
    let stage = stage().await;
    let (mut full, _) = Shard::ready(&stage, FULL).await;
    let (mut plain, _) = Shard::ready(&stage, PLAIN).await;
    let thread = stage.act(
        "thread",
        json!({
            "user": "nelly", "channel": "general", "name": "surprise", "private": true,
            "members": ["fanfare", "mason"],
        }),
    );
    let id = thread["id"].as_str().unwrap();
    let made = full.until("THREAD_CREATE").await;
    assert_eq!(
        (&made["newly_created"], &made["owner_id"]),
        (&json!(true), &json!(stage.id("members", "nelly")))
    );
    assert_eq!(made["member"]["user_id"], stage.id("members", "fanfare"));
    let mason = stage.id("members", "mason");
    let came = full.until("THREAD_MEMBERS_UPDATE").await;
    assert_eq!(came["added_members"][0]["user_id"], mason);
    assert_eq!(came["member_count"], 3);
    let kinds = |told: &Value| told["added_members"].as_array().map_or(0, Vec::len);
    assert_eq!(kinds(&came), 1);

    stage.act(
        "message",
        json!({ "user": "mason", "channel": id, "content": "shh" }),
    );
    let heard = plain.kinds_until("MESSAGE_CREATE").await;
    assert_eq!(
        heard,
        ["THREAD_CREATE", "MESSAGE_CREATE"],
        "without the intent no members"
    );
    stage.act(
        "thread",
        json!({ "thread": id, "user": "mason", "remove": true }),
    );
    let went = full.until("THREAD_MEMBERS_UPDATE").await;
    assert_eq!(went["removed_member_ids"], json!([mason]));
    // Whoever writes in it comes into it.
    stage.act(
        "message",
        json!({ "user": "mason", "channel": id, "content": "back" }),
    );
    assert_eq!(
        full.until("THREAD_MEMBERS_UPDATE").await["added_members"][0]["user_id"],
        mason
    );

    let members = format!("/channels/{id}/thread-members");
    assert_eq!(stage.get(&members).await.1.as_array().unwrap().len(), 3);
    let hana = format!("{members}/{}", stage.id("members", "hana"));
    assert_eq!(answer(stage.call(Method::PUT, &hana)).await.0, 204);
    assert_eq!(
        delete(&stage, &hana).await.1["code"],
        50_013,
        "it is nelly's thread"
    );
    assert_eq!(delete(&stage, &format!("{members}/@me")).await.0, 204);
    assert_eq!(
        stage.get(&members).await.1["code"],
        50_001,
        "the bot is out"
    );
}

#[tokio::test]
async fn a_category_holds_fifty_channels() {
    let stage = stage().await;
    let made = stage.act(
        "create-channel",
        json!({ "name": "Many", "type": "category" }),
    );
    let category = made["id"].as_str().unwrap();
    for n in 0..50 {
        let name = format!("room {n}");
        stage.act(
            "create-channel",
            json!({ "name": name, "parent": category }),
        );
    }
    let path = format!("/guilds/{}/channels", stage.home());
    let one_more = json!({ "name": "x", "type": 2, "parent_id": category });
    let (status, body) = stage.send(Method::POST, &path, &one_more).await;
    assert_eq!((status, &body["code"]), (400, &json!(50_035)), "{body}");
    assert_eq!(
        body["errors"]["parent_id"]["_errors"][0]["code"],
        "CHANNEL_PARENT_MAX_CHANNELS"
    );
    let lounge = format!("/channels/{}", stage.id("channels", "Lounge"));
    let into = json!({ "parent_id": category });
    assert_eq!(stage.send(Method::PATCH, &lounge, &into).await.0, 400);
}

#[tokio::test]
async fn webhooks_bear_no_forbidden_names_and_write_only_where_they_belong() {
    let stage = stage().await;
    let general = stage.id("channels", "general");
    let path = format!("/channels/{general}/webhooks");
    let named = |name: &str| json!({ "name": name });
    let (status, body) = stage.send(Method::POST, &path, &named("My Discord")).await;
    assert_eq!((status, &body["code"]), (400, &json!(50_035)));
    let (_, hook) = stage.send(Method::POST, &path, &named("Fanfare")).await;
    let (id, token) = (
        hook["id"].as_str().unwrap(),
        hook["token"].as_str().unwrap(),
    );
    let url = format!("/webhooks/{id}/{token}?wait=true");
    let clyde = json!({ "content": "x", "username": "CLYDE" });
    let (_, refused) = stage.send(Method::POST, &url, &clyde).await;
    let error = &refused["errors"]["username"]["_errors"][0]["code"];
    assert_eq!(error, "USERNAME_INVALID_CONTAINS");
    let picture = json!({ "content": "x", "nonce": "1", "enforce_nonce": true, "avatar_url": "https://x.example/a.png" });
    let (_, first) = stage.send(Method::POST, &url, &picture).await;
    let (_, second) = stage.send(Method::POST, &url, &picture).await;
    assert_ne!(first["id"], second["id"], "webhooks know no nonce");
    assert_eq!(first["author"]["avatar"].as_str().unwrap().len(), 32);
    let thread = stage.act(
        "thread",
        json!({ "user": "nelly", "channel": "playlist", "name": "t" }),
    );
    let elsewhere = format!("{url}&thread_id={}", thread["id"].as_str().unwrap());
    let (_, lost) = stage
        .send(Method::POST, &elsewhere, &json!({ "content": "x" }))
        .await;
    assert_eq!(lost["code"], 10_003);
    for n in 1..15 {
        assert_eq!(
            stage
                .send(Method::POST, &path, &named(&format!("hook {n}")))
                .await
                .0,
            200
        );
    }
    assert_eq!(
        stage.send(Method::POST, &path, &named("one more")).await.1["code"],
        30_007
    );
}

#[tokio::test]
async fn whoever_blocks_the_bot_takes_no_reaction_of_it() {
    let stage = stage().await;
    let written = stage.act(
        "message",
        json!({ "user": "mason", "channel": "general", "content": "hi" }),
    );
    let (channel, message) = (
        stage.id("channels", "general"),
        written["message"].as_str().unwrap(),
    );
    let path = format!("/channels/{channel}/messages/{message}/reactions/%F0%9F%94%A5/@me");
    stage.act("block", json!({ "user": "mason" }));
    let (status, body) = answer(stage.call(Method::PUT, &path)).await;
    assert_eq!((status, &body["code"]), (403, &json!(90_001)));
    stage.act("block", json!({ "user": "mason", "over": true }));
    assert_eq!(answer(stage.call(Method::PUT, &path)).await.0, 204);
}

#[tokio::test]
async fn what_the_bot_did_is_read_with_its_reason() {
    let stage = stage().await;
    let path = format!("/channels/{}", stage.id("channels", "Lounge"));
    let rename = |reason: &str| {
        let call = stage
            .call(Method::PATCH, &path)
            .json(&json!({ "name": "Parlour" }));
        answer(call.header("x-audit-log-reason", reason))
    };
    assert_eq!(rename("by%20In%C3%AAs").await.0, 200);
    assert_eq!(rename(&"x".repeat(513)).await.1["code"], 50_035);
    let calls = stage.control.calls(0, 10);
    let call = calls.last().unwrap();
    assert_eq!(
        (&call["method"], &call["path"]),
        (&json!("PATCH"), &json!(path))
    );
    assert_eq!(
        (&call["reason"], &call["status"]),
        (&json!("by Inês"), &json!(200))
    );
}

#[tokio::test]
async fn rest_that_is_down_or_silent_carries_nothing_out() {
    let stage = stage().await;
    let path = format!("/channels/{}/messages", stage.id("channels", "general"));
    let body = json!({ "content": "hi" });
    let write = || stage.send(Method::POST, &path, &body);
    let count = || {
        let log = stage.control.log(0, 10_000);
        log.iter()
            .filter(|entry| entry["t"] == "MESSAGE_CREATE")
            .count()
    };
    let before = count();
    stage.fault(json!({ "kind": "rest-down" }));
    assert_eq!((write().await.0, write().await.0), (500, 500));
    stage.control.clear_faults();
    stage.fault(json!({ "kind": "silent-rest", "ms": 50, "count": 1 }));
    assert_eq!(write().await.0, 504);
    assert_eq!(count(), before);
    assert_eq!(write().await.0, 200);
    assert_eq!(count(), before + 1);
}
