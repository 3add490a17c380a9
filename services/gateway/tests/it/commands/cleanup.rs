use contracts::{
    command::{Act, Join, RoomMade},
    rpc::RoomJoined,
};
use serde_json::json;

use super::{Stage, room};
use crate::stage::until;

#[tokio::test]
async fn an_empty_room_goes_and_one_with_people_stays_until_they_left() {
    let stage = Stage::new().await;
    let gateway = stage.gateway_with(&[("ROOM_EMPTY_TTL", "1")]).await;
    let nelly = stage.user_id("nelly");
    let RoomMade { .. } = gateway.done(nelly, &stage.make_room("empty")).await;
    let kept = room(&stage, &gateway, "mason").await;
    let kofi = stage.user_id("kofi");
    let join = Act::JoinRoom(Join {
        guild_id: stage.guild,
        token: kept.invite_token,
    });
    let joined: RoomJoined = gateway.done(kofi, &join).await;
    assert!(joined.moved);
    let there = |name: &str| {
        let guild = stage.simulated();
        let channels = guild["channels"].as_array().unwrap();
        channels.iter().any(|channel| channel["name"] == name)
    };
    until("the empty room is gone", async || !there("empty")).await;
    // all the others were empty as long, and none of them is Fanfare's
    assert!(there("Game Table") && there("Open Mic"));
    assert_eq!(stage.voice(kofi), Some(kept.channel_id));
    stage.act("leave", json!({"user": "kofi"}));
    until("it is gone too", async || !there("a room")).await;
    let reason = stage.control.calls(0, 1_000).pop().unwrap()["reason"].clone();
    assert_eq!(reason, "Fanfare: nobody has been in the room for a while");
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_room_that_was_removed_by_hand_is_forgotten_and_makes_place() {
    let stage = Stage::new().await;
    let gateway = stage.gateway_with(&[("ROOM_EMPTY_TTL", "600")]).await;
    let nelly = stage.user_id("nelly");
    let first = room(&stage, &gateway, "nelly").await.channel_id;
    room(&stage, &gateway, "nelly").await;
    let full = gateway.refused(nelly, &stage.make_room("x")).await;
    assert_eq!(full, (409, "too-many-rooms".to_owned()));
    stage.act("delete-channel", json!({"channel": first}));
    until("there is place again", async || {
        gateway
            .ask_as(&super::fresh_key(), nelly, &stage.make_room("x"))
            .await
            .is_ok()
    })
    .await;
}
