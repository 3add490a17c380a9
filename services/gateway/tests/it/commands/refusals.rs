use contracts::{
    RoleId, UserId,
    command::{Act, MakeRoom, RoomMade},
};
use serde_json::json;

use super::Stage;
use crate::stage::until;

#[tokio::test]
async fn who_is_no_member_or_timed_out_gets_nothing_done() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let act = stage.make_room("mine");
    let stranger = gateway.refused(UserId::new(42), &act).await;
    assert_eq!(stranger, (403, "not-a-member".to_owned()));
    let elsewhere = Act::CreateRoom(MakeRoom {
        guild_id: contracts::GuildId::new(41_771_983_423_143_937),
        ..make(&act)
    });
    let nelly = stage.user_id("nelly");
    let foreign = gateway.refused(nelly, &elsewhere).await;
    assert_eq!(foreign, (403, "not-a-member".to_owned()));
    let mason = stage.user_id("mason");
    stage.act("timeout", json!({"user": "mason", "for_ms": 600_000}));
    until("the gateway knows", async || {
        let (status, code) = gateway.refused_or_done(mason, &act).await;
        (status, code.as_str()) == (403, "timed-out")
    })
    .await;
}

fn make(act: &Act) -> MakeRoom {
    match act {
        Act::CreateRoom(make) => make.clone(),
        _ => panic!("{act:?}"),
    }
}

#[tokio::test]
async fn certain_roles_alone_make_rooms_where_it_is_so_configured() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let guild = stage.simulated();
    let mut roles = guild["roles"].as_array().unwrap().iter();
    let barista = roles.find(|role| role["name"] == "barista").unwrap()["id"].clone();
    let barista: RoleId = barista.as_str().unwrap().parse().unwrap();
    let act = Act::CreateRoom(MakeRoom {
        creator_roles: vec![RoleId::new(1), barista],
        ..make(&stage.make_room("for staff"))
    });
    let refused = gateway.refused(stage.user_id("mason"), &act).await;
    assert_eq!(refused, (403, "missing-role".to_owned()));
    let RoomMade { .. } = gateway.done(stage.user_id("nelly"), &act).await;
}

#[tokio::test]
async fn without_the_members_intent_discord_is_asked_who_somebody_is() {
    let stage = Stage::new().await;
    let gateway = stage.gateway_with(&[("DISCORD_INTENTS", "3713")]).await;
    let mason = stage.user_id("mason");
    let RoomMade { .. } = gateway.done(mason, &stage.make_room("x")).await;
    let asked = stage.control.calls(0, 1_000);
    let path = format!("/guilds/{}/members/{mason}", stage.guild);
    assert!(
        asked
            .iter()
            .any(|call| call["path"].as_str().unwrap().ends_with(&path))
    );
    let stranger = gateway
        .refused(UserId::new(42), &stage.make_room("x"))
        .await;
    assert_eq!(stranger, (403, "not-a-member".to_owned()));
}

#[tokio::test]
async fn discords_troubles_are_told_as_what_they_are() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let nelly = stage.user_id("nelly");
    // the bot's own id is asked for once, before anything goes wrong
    let RoomMade { .. } = gateway.done(nelly, &stage.make_room("first")).await;
    let fault = |fault| stage.control.fault(fault).unwrap();
    fault(json!({"kind": "rest-5xx", "code": 503}));
    let failed = gateway.refused(nelly, &stage.make_room("x")).await;
    assert_eq!(failed, (502, "discord-failed".to_owned()));
    fault(json!({"kind": "rest-429", "ms": 700, "count": 2}));
    let busy = gateway
        .refused(stage.user_id("mason"), &stage.make_room("x"))
        .await;
    assert_eq!(busy, (503, "discord-busy".to_owned()));
    stage.act(
        "role",
        json!({"role": "Fanfare", "permissions": "VIEW_CHANNEL|CONNECT"}),
    );
    let refused = gateway
        .refused(stage.user_id("mason"), &stage.make_room("x"))
        .await;
    assert_eq!(refused, (403, "bot-lacks-permission".to_owned()));
}
