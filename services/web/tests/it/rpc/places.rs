use serde_json::{Value, json};

use super::{call, request, told, wrong};
use crate::{
    browser::Browser,
    publisher::{ROOM, SECRET},
    replica::{Deployment, GUILD, OTHER},
};

const CATEGORY: &str = "300000";

/// What a gateway answers to `createRoom`.
fn made() -> Value {
    json!({"channelId": ROOM.to_string(), "inviteToken": format!("{:016x}{}", GUILD.get(), "ab".repeat(24))})
}

#[tokio::test]
async fn the_gateway_is_asked_in_the_users_name_with_what_web_allows() {
    let deployment = Deployment::in_memory().await;
    let web = deployment
        .replica(&[
            ("ROOM_CATEGORY_ID", CATEGORY),
            ("ROOM_CREATOR_ROLES", "71,72"),
            ("MAX_ROOMS_PER_USER", "7"),
        ])
        .await;
    let browser = Browser::signed_in(&web).await;
    let me: Value = browser.get("/api/me").await.json().await.unwrap();
    deployment.gateway.will(Ok(made()));
    let input = json!({"name": " Cafe\u{301} ", "more": 1});
    let answer = request(&browser, "createRoom", &input)
        .header("idempotency-key", "the-key")
        .send()
        .await
        .unwrap();
    let (status, room) = told(answer).await;
    let token = made()["inviteToken"].as_str().unwrap().to_owned();
    assert_eq!(status, 200, "{room}");
    assert_eq!(
        room,
        json!({"channelId": ROOM.to_string(), "inviteToken": token, "inviteUrl": format!("{}/join/{token}", web.url)})
    );
    let asked = deployment.gateway.asked();
    let [command] = &asked[..] else {
        panic!("asked once: {asked:?}")
    };
    assert_eq!(command.command, "createRoom");
    assert_eq!(command.idempotency_key, "the-key");
    assert_eq!(command.actor.to_string(), me["userId"].as_str().unwrap());
    let payload: Value = serde_json::from_str(command.payload.get()).unwrap();
    assert_eq!(
        payload,
        json!({"guildId": GUILD.to_string(), "name": "Caf\u{e9}", "userLimit": 0, "categoryId": CATEGORY,
            "creatorRoles": ["71", "72"], "maxRooms": 7})
    );
    // Without a key each call is one of its own.
    for _ in 0..2 {
        assert_eq!(call(&browser, "createRoom", input.clone()).await.0, 200);
    }
    let keys = deployment.gateway.asked();
    assert_ne!(keys[0].idempotency_key, keys[1].idempotency_key);
}

#[tokio::test]
async fn the_guild_is_the_named_one_the_default_one_or_the_only_one() {
    let deployment = Deployment::in_memory().await;
    deployment.gateway.will(Ok(made()));
    let asked = || -> Value {
        let asked = deployment.gateway.asked();
        let command = asked.last().expect("the gateway was asked");
        let payload: Value = serde_json::from_str(command.payload.get()).unwrap();
        payload["guildId"].clone()
    };
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    assert_eq!(
        call(&browser, "createRoom", json!({"name": "x"})).await.0,
        200
    );
    assert_eq!(asked(), GUILD.to_string());

    deployment.discord.set_guilds(&[GUILD.get(), OTHER.get()]);
    let other = OTHER.to_string();
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let (status, problem) = call(&browser, "createRoom", json!({"name": "x"})).await;
    assert_eq!(status, 400, "{problem}");
    assert_eq!(wrong(&problem), [("guildId", "required")]);
    let named = json!({"name": "x", "guildId": other});
    assert_eq!(call(&browser, "createRoom", named).await.0, 200);
    assert_eq!(asked(), other);

    let web = deployment.replica(&[("DISCORD_GUILD_ID", &other)]).await;
    let browser = browser.at(&web);
    assert_eq!(
        call(&browser, "createRoom", json!({"name": "x"})).await.0,
        200
    );
    assert_eq!(asked(), other);

    // The default one is no way into it.
    deployment.discord.set_guilds(&[GUILD.get()]);
    let web = deployment.replica(&[("DISCORD_GUILD_ID", &other)]).await;
    let browser = Browser::signed_in(&web).await;
    let (status, problem) = call(&browser, "createRoom", json!({"name": "x"})).await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &"guild-not-shared".into())
    );
}

#[tokio::test]
async fn a_hidden_channel_does_not_exist_and_a_foreign_guild_is_not_asked() {
    let deployment = Deployment::in_memory().await;
    deployment.gateway.will(Ok(json!({})));
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let room = ROOM.to_string();
    assert_eq!(
        call(&browser, "deleteRoom", json!({"channelId": room})).await,
        (200, json!({}))
    );
    assert_eq!(deployment.gateway.asked().len(), 1);
    // One that is hidden and one that does not exist look alike.
    for hidden in [SECRET.to_string(), "4711".to_owned()] {
        let (status, mut problem) =
            call(&browser, "deleteRoom", json!({"channelId": hidden})).await;
        problem["requestId"] = Value::Null;
        assert_eq!(status, 404);
        assert_eq!(
            problem,
            json!({"type": "about:blank", "status": 404, "code": "not-found", "title": "There is nothing here", "requestId": null})
        );
    }
    let foreign = OTHER.to_string();
    let connect = json!({"guildId": foreign, "channelId": room, "userId": "1"});
    let (status, problem) = call(&browser, "connectUserToVoiceChannel", connect).await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &"guild-not-shared".into())
    );
    let token = format!("{:016x}{}", OTHER.get(), "0".repeat(48));
    let (status, _) = call(&browser, "joinRoom", json!({"token": token})).await;
    assert_eq!(status, 403);
    let invite = format!("{:016x}{:016x}", OTHER.get(), 1);
    let (status, _) = call(&browser, "revokeInvite", json!({"inviteId": invite})).await;
    assert_eq!(status, 403);
    assert!(deployment.gateway.asked().is_empty(), "nobody is asked");
}

#[tokio::test]
async fn every_function_asks_for_its_act() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    deployment.discord.next_user(1);
    let mut browser = Browser::signed_in(&web).await;
    let (guild, room) = (GUILD.to_string(), ROOM.to_string());
    let token = format!("{:016x}{}", GUILD.get(), "0".repeat(48));
    let invite = format!("{:016x}{:016x}", GUILD.get(), 1);
    let cases = [
        (
            "joinRoom",
            json!({"token": token}),
            json!({"guildId": guild, "channelId": room, "moved": true}),
            json!({"guildId": guild, "token": token}),
        ),
        (
            "connectUserToVoiceChannel",
            json!({"guildId": guild, "channelId": room, "userId": "3"}),
            json!({"moved": true}),
            json!({"guildId": guild, "channelId": room, "userId": "3"}),
        ),
        (
            "deleteRoom",
            json!({"channelId": room}),
            json!({}),
            json!({"guildId": guild, "channelId": room}),
        ),
        (
            "createInvite",
            json!({"channelId": room, "maxUses": 3}),
            json!({"inviteId": invite, "inviteToken": token}),
            json!({"guildId": guild, "channelId": room, "expiresIn": null, "maxUses": 3}),
        ),
        (
            "revokeInvite",
            json!({"inviteId": invite}),
            json!({}),
            json!({"guildId": guild, "inviteId": invite}),
        ),
        (
            "sendMessage",
            json!({"channelId": room, "content": " hello\r\n"}),
            json!({"messageId": "8"}),
            json!({"guildId": guild, "channelId": room, "content": "hello"}),
        ),
        (
            "addReaction",
            json!({"channelId": room, "messageId": "8", "emoji": "🎺"}),
            json!({}),
            json!({"guildId": guild, "channelId": room, "messageId": "8", "emoji": "🎺"}),
        ),
    ];
    for (function, input, result, payload) in cases {
        deployment.gateway.will(Ok(result.clone()));
        let (status, answer) = call(&browser, function, input).await;
        assert_eq!(status, 200, "{function}: {answer}");
        for (field, value) in result.as_object().unwrap() {
            assert_eq!(&answer[field], value, "{function}");
        }
        let asked = deployment.gateway.asked();
        assert_eq!(asked.len(), 1, "{function}");
        assert_eq!(asked[0].command, function);
        let sent: Value = serde_json::from_str(asked[0].payload.get()).unwrap();
        assert_eq!(sent, payload, "{function}");
    }
    // Reading is no call, and has a bucket of its own.
    deployment.gateway.will(Ok(json!({"messages": []})));
    let path = format!("/api/channels/{room}/messages?before=17&limit=100");
    let page: Value = browser.get(&path).await.json().await.unwrap();
    assert_eq!(page, json!({"messages": []}));
    let sent: Value = serde_json::from_str(deployment.gateway.asked()[0].payload.get()).unwrap();
    assert_eq!(
        sent,
        json!({"guildId": guild, "channelId": room, "before": "17", "limit": 100})
    );
    let wrong_query = format!("/api/channels/{room}/messages?before=x&limit=101");
    let (status, problem) = told(browser.get(&wrong_query).await).await;
    assert_eq!(status, 400);
    assert_eq!(
        wrong(&problem),
        [("before", "invalid"), ("limit", "invalid")]
    );
    assert_eq!(
        browser.get("/api/channels/4711/messages").await.status(),
        404
    );
    let abilities = json!({"guildId": guild, "channelId": room, "may": ["readMessages"]});
    deployment.gateway.will(Ok(abilities.clone()));
    deployment.gateway.asked();
    let path_of_abilities = format!("/api/channels/{room}/abilities");
    let answer: Value = browser.get(&path_of_abilities).await.json().await.unwrap();
    assert_eq!(answer, abilities);
    let asked = deployment.gateway.asked();
    assert_eq!(asked[0].command, "readAbilities");
    let sent: Value = serde_json::from_str(asked[0].payload.get()).unwrap();
    assert_eq!(sent, json!({"guildId": guild, "channelId": room}));
    for (channel, status) in [("4711", 404), ("x", 400)] {
        let path = format!("/api/channels/{channel}/abilities");
        assert_eq!(browser.get(&path).await.status(), status);
    }
    let mut last = 200;
    for _ in 0..40 {
        last = browser.get(&path).await.status().as_u16();
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    browser = Browser::new(&web);
    assert_eq!(browser.get(&path).await.status(), 401);
    assert_eq!(browser.get(&path_of_abilities).await.status(), 401);
}
