//! The REST API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    shard::{FULL, Shard},
    stage::{Stage, answer},
};

/// The permissions to view and to enter a channel.
const BOTH: &str = "1049600";

#[tokio::test]
async fn the_bot_makes_a_private_room_lets_someone_in_and_deletes_it() {
    let stage = Stage::start().await;
    let (mut shard, ready) = Shard::ready(&stage, FULL).await;
    let (home, bot) = (
        stage.home(),
        ready["user"]["id"].as_str().unwrap().to_owned(),
    );
    let (nelly, mason) = (stage.id("members", "nelly"), stage.id("members", "mason"));
    let body = json!({
        "name": "Nelly's room", "type": 2, "user_limit": 4,
        "permission_overwrites": [
            { "id": home, "type": 0, "deny": BOTH },
            { "id": bot, "type": 1, "allow": "17826832" },
            { "id": nelly, "type": 1, "allow": BOTH },
        ],
    });
    let (status, room) = stage
        .send(Method::POST, &format!("/guilds/{home}/channels"), &body)
        .await;
    assert_eq!(status, 201, "{room}");
    let id = room["id"].as_str().unwrap();
    assert_eq!(shard.until("CHANNEL_CREATE").await["id"], id);
    let overwrite = json!({ "type": 1, "allow": BOTH });
    let path = format!("/channels/{id}/permissions/{mason}");
    assert_eq!(stage.send(Method::PUT, &path, &overwrite).await.0, 204);
    let update = shard.until("CHANNEL_UPDATE").await;
    assert_eq!(update["permission_overwrites"].as_array().unwrap().len(), 4);
    assert_eq!(
        stage
            .call(Method::DELETE, &path)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    let (_, renamed) = stage
        .send(
            Method::PATCH,
            &format!("/channels/{id}"),
            &json!({ "name": "Ours" }),
        )
        .await;
    assert_eq!(renamed["name"], "Ours");
    let path = format!("/channels/{id}");
    assert_eq!(answer(stage.call(Method::DELETE, &path)).await.0, 200);
    shard.until("CHANNEL_DELETE").await;
    let (status, gone) = answer(stage.call(Method::DELETE, &path)).await;
    assert_eq!((status, &gone["code"]), (404, &json!(10_003)));
}

#[tokio::test]
async fn members_are_moved_only_within_voice() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let (home, nelly) = (stage.home(), stage.id("members", "nelly"));
    let path = format!("/guilds/{home}/members/{nelly}");
    let to = |name: &str| json!({ "channel_id": stage.id("channels", name) });
    let (status, body) = stage.send(Method::PATCH, &path, &to("Lounge")).await;
    assert_eq!((status, &body["code"]), (400, &json!(40_032)));
    let voice = format!("/guilds/{home}/voice-states/{nelly}");
    assert_eq!(stage.get(&voice).await.1["code"], 10_065);
    stage.act("join", json!({ "user": "nelly", "channel": "Lounge" }));
    shard.until("VOICE_STATE_UPDATE").await;
    let (status, member) = stage.send(Method::PATCH, &path, &to("Study Nook")).await;
    assert_eq!(
        (status, &member["user"]["username"]),
        (200, &json!("nelly"))
    );
    let moved = shard.until("VOICE_STATE_UPDATE").await;
    assert_eq!(moved["channel_id"], stage.id("channels", "Study Nook"));
    assert_eq!(stage.get(&voice).await.1["channel_id"], moved["channel_id"]);
    let (_, hidden) = stage.send(Method::PATCH, &path, &to("Vault")).await;
    assert_eq!(hidden["code"], 50_001);
    stage
        .send(Method::PATCH, &path, &json!({ "channel_id": null }))
        .await;
    assert_eq!(
        shard.until("VOICE_STATE_UPDATE").await["channel_id"],
        Value::Null
    );
}

#[tokio::test]
async fn messages_are_written_read_paged_and_deleted() {
    let stage = Stage::with(|config| config.rest_limits = false).await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let path = format!("/channels/{}/messages", stage.id("channels", "playlist"));
    let mut ids = Vec::new();
    for n in 0..5 {
        let body = json!({ "content": format!("song {n}"), "nonce": format!("n{n}"), "enforce_nonce": true });
        let (status, first) = stage.send(Method::POST, &path, &body).await;
        let (_, again) = stage.send(Method::POST, &path, &body).await;
        assert_eq!((status, &again["id"]), (200, &first["id"]));
        assert_eq!(
            shard.until("MESSAGE_CREATE").await["nonce"],
            format!("n{n}")
        );
        ids.push(first["id"].as_str().unwrap().to_owned());
    }
    let page = async |query: String| -> Vec<String> {
        let (_, list) = stage.get(&format!("{path}{query}")).await;
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let newest = |list: &[usize]| list.iter().map(|at| ids[*at].clone()).collect::<Vec<_>>();
    assert_eq!(page("?limit=2".into()).await, newest(&[4, 3]));
    assert_eq!(
        page(format!("?limit=2&before={}", ids[3])).await,
        newest(&[2, 1])
    );
    assert_eq!(
        page(format!("?limit=2&after={}", ids[0])).await,
        newest(&[2, 1])
    );
    assert_eq!(
        page(format!("?limit=3&around={}", ids[2])).await,
        newest(&[3, 2, 1])
    );
    let one = format!("{path}/{}", ids[0]);
    assert_eq!(
        stage
            .send(Method::PATCH, &one, &json!({ "content": "other" }))
            .await
            .1["content"],
        "other"
    );
    assert_eq!(shard.until("MESSAGE_UPDATE").await["content"], "other");
    assert_eq!(
        stage
            .call(Method::DELETE, &one)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(shard.until("MESSAGE_DELETE").await["id"], ids[0]);
    assert_eq!(stage.get(&one).await.1["code"], 10_008);
    let bulk = format!("{path}/bulk-delete");
    stage
        .send(Method::POST, &bulk, &json!({ "messages": ids[1..] }))
        .await;
    assert_eq!(
        shard.until("MESSAGE_DELETE_BULK").await["ids"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let silent = json!({ "content": "@everyone", "allowed_mentions": { "parse": [] } });
    assert_eq!(
        stage.send(Method::POST, &path, &silent).await.1["mention_everyone"],
        false
    );
}

#[tokio::test]
async fn reactions_are_counted_and_a_word_is_no_emoji() {
    let stage = Stage::with(|config| config.rest_limits = false).await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let channel = stage.id("channels", "general");
    let (_, list) = stage
        .get(&format!("/channels/{channel}/messages?limit=1"))
        .await;
    let message = list[0]["id"].as_str().unwrap();
    let path = format!("/channels/{channel}/messages/{message}/reactions");
    let fire = format!("{path}/%F0%9F%94%A5");
    assert_eq!(
        stage
            .call(Method::PUT, &format!("{fire}/@me"))
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    let added = shard.until("MESSAGE_REACTION_ADD").await;
    assert_eq!(
        (&added["emoji"]["name"], &added["message_id"]),
        (&json!("🔥"), &json!(message))
    );
    stage.act(
        "react",
        json!({ "user": "nelly", "channel": "general", "message": message }),
    );
    assert_eq!(stage.get(&fire).await.1.as_array().unwrap().len(), 2);
    let (_, read) = stage
        .get(&format!("/channels/{channel}/messages/{message}"))
        .await;
    assert_eq!(
        (&read["reactions"][0]["count"], &read["reactions"][0]["me"]),
        (&json!(2), &json!(true))
    );
    stage
        .call(Method::DELETE, &format!("{fire}/@me"))
        .send()
        .await
        .unwrap();
    shard.until("MESSAGE_REACTION_REMOVE").await;
    let (status, body) = answer(stage.call(Method::PUT, &format!("{path}/fire/@me"))).await;
    assert_eq!((status, &body["code"]), (400, &json!(10_014)));
}

#[tokio::test]
async fn refusals_carry_discords_codes() {
    let stage = Stage::with(|config| config.rest_limits = false).await;
    let (home, garden) = (stage.home(), stage.guild("Quiet Garden"));
    let vault = stage.id("channels", "Vault");
    for (path, status, code) in [
        ("/channels/1".to_owned(), 404, 10_003),
        ("/guilds/1".to_owned(), 404, 10_004),
        (format!("/guilds/{garden}"), 403, 50_001),
        (format!("/guilds/{home}/members/1"), 404, 10_013),
        (format!("/channels/{vault}"), 403, 50_001),
        ("/channels/lounge".to_owned(), 400, 50_035),
        ("/users/1".to_owned(), 404, 10_013),
        ("/nothing".to_owned(), 404, 0),
    ] {
        let (seen, body) = stage.get(&path).await;
        assert_eq!(
            (seen, &body["code"]),
            (status, &json!(code)),
            "{path}: {body}"
        );
    }
    let path = format!("/guilds/{home}/channels");
    let (status, body) = stage
        .send(Method::POST, &path, &json!({ "name": "" }))
        .await;
    assert_eq!((status, &body["code"]), (400, &json!(50_035)));
    assert_eq!(
        body["errors"]["name"]["_errors"][0]["code"],
        "BASE_TYPE_BAD_LENGTH"
    );
    let admin = json!({ "name": "x", "type": 2, "permission_overwrites": [{ "id": home, "type": 0, "allow": "8" }] });
    assert_eq!(
        stage.send(Method::POST, &path, &admin).await.1["code"],
        50_013
    );
    let empty = format!("/channels/{}/messages", stage.id("channels", "general"));
    assert_eq!(
        stage
            .send(Method::POST, &empty, &json!({ "content": "" }))
            .await
            .1["code"],
        50_006
    );
    let broken = stage
        .call(Method::POST, &empty)
        .header("content-type", "application/json")
        .body("{");
    assert_eq!(answer(broken).await.1["code"], 50_109);
    stage.act(
        "overwrite",
        json!({ "channel": "general", "user": "fanfare", "deny": "SEND_MESSAGES" }),
    );
    assert_eq!(
        stage
            .send(Method::POST, &empty, &json!({ "content": "hi" }))
            .await
            .1["code"],
        50_013
    );
}

#[tokio::test]
async fn a_caller_needs_a_token_and_a_name() {
    let stage = Stage::with(|config| config.bot_token = Some("right".into())).await;
    let ask = async |token: &str, agent: &str| {
        let url = stage.url("/api/v10/users/@me");
        let request = stage
            .http
            .get(url)
            .header("authorization", token)
            .header("user-agent", agent);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("Bot right", "DiscordBot (x, 1)").await, 200);
    assert_eq!(ask("Bot wrong", "DiscordBot (x, 1)").await, 401);
    assert_eq!(ask("right", "DiscordBot (x, 1)").await, 401);
    assert_eq!(ask("Bot right", "").await, 403);
    assert_eq!(
        stage
            .http
            .get(stage.url("/api/gateway"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let without = stage
        .http
        .get(stage.url("/api/v10/gateway/bot"))
        .send()
        .await
        .unwrap();
    assert_eq!(without.status(), 401);
    assert_eq!(stage.control.state()["rest"]["invalid"]["401"], 3);
}

#[tokio::test]
async fn limits_are_told_and_enforced_per_channel() {
    let stage = Stage::start().await;
    let path = |name: &str| format!("/channels/{}/messages", stage.id("channels", name));
    let general = path("general");
    for left in (0..5).rev() {
        let response = stage
            .call(Method::POST, &general)
            .json(&json!({ "content": "x" }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()["x-ratelimit-remaining"],
            left.to_string()
        );
        assert_eq!(response.headers()["x-ratelimit-limit"], "5");
    }
    let response = stage
        .call(Method::POST, &general)
        .json(&json!({ "content": "x" }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["x-ratelimit-scope"], "user");
    assert!(response.headers().contains_key("retry-after"));
    let body: Value = response.json().await.unwrap();
    assert!(body["retry_after"].as_f64().unwrap() > 0.0);
    assert_eq!(body["global"], false);
    let other = stage
        .send(Method::POST, &path("playlist"), &json!({ "content": "x" }))
        .await;
    assert_eq!(other.0, 200);
}

#[tokio::test]
async fn webhooks_write_under_their_own_name() {
    let stage = Stage::start().await;
    let (mut shard, _) = Shard::ready(&stage, FULL).await;
    let path = format!("/channels/{}/webhooks", stage.id("channels", "general"));
    let (status, hook) = stage
        .send(Method::POST, &path, &json!({ "name": "Fanfare" }))
        .await;
    assert_eq!(status, 200, "{hook}");
    assert_eq!(stage.get(&path).await.1[0]["id"], hook["id"]);
    let url = format!(
        "/webhooks/{}/{}?wait=true",
        hook["id"].as_str().unwrap(),
        hook["token"].as_str().unwrap()
    );
    let (status, message) = stage
        .send(
            Method::POST,
            &url,
            &json!({ "content": "hi", "username": "Nelly" }),
        )
        .await;
    assert_eq!(
        (status, &message["author"]["username"]),
        (200, &json!("Nelly"))
    );
    let heard = shard.until("MESSAGE_CREATE").await;
    assert_eq!(heard["webhook_id"], hook["id"]);
    assert!(heard.get("member").is_none());
}
