use contracts::{
    ChannelId, EventKind,
    command::{Act, EndInvite, InviteMade, Join, MakeInvite, ReadAbilities, RemoveRoom},
    rpc::{Ability, ChannelAbilities, Done, RoomJoined},
};
use serde_json::json;

use super::{Stage, room};

const ENTRY: &str = "1049600";

#[tokio::test]
async fn a_room_is_private_and_its_owners() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let (since, nelly) = (stage.now().await, stage.user_id("nelly"));
    let made = room(&stage, &gateway, "nelly").await;

    let found = stage.simulated_channel(made.channel_id).unwrap();
    assert_eq!(
        (&found["name"], &found["type"]),
        (&json!("a room"), &json!(2))
    );
    let overwrites = found["overwrites"].as_array().unwrap();
    let of = |id: String| overwrites.iter().find(|one| one["id"] == id).unwrap();
    let everyone = of(stage.guild.to_string());
    assert_eq!(
        (&everyone["allow"], &everyone["deny"]),
        (&json!("0"), &json!(ENTRY))
    );
    assert_eq!(of(nelly.to_string())["allow"], ENTRY);
    let bot = stage.control.state()["application"]["bot"].clone();
    let bot = of(bot.as_str().unwrap().to_owned());
    assert_eq!(bot["allow"], "17826832");
    assert_eq!(overwrites.len(), 3);

    // what its owner does next finds it, and browsers hear of it
    let told = stage.events(since).await;
    assert!(
        told.iter()
            .any(|(kind, payload)| *kind == EventKind::RoomCreated
                && payload["channelId"] == made.channel_id.to_string())
    );
    let call = stage.control.calls(0, 1_000).pop().unwrap();
    let reason = call["reason"].as_str().unwrap();
    assert_eq!(reason, format!("Fanfare: createRoom for nelly ({nelly})"));

    // what may be done there is told beforehand; to others the room is not there
    let asks = Act::ReadAbilities(ReadAbilities {
        guild_id: stage.guild,
        channel_id: made.channel_id,
    });
    let told: ChannelAbilities = gateway.done(nelly, &asks).await;
    assert!(told.may.contains(&Ability::CreateInvite), "{told:?}");
    assert!(told.may.contains(&Ability::DeleteRoom), "{told:?}");
    let priya = stage.user_id("priya");
    assert_eq!(gateway.refused(priya, &asks).await.0, 404);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn nobody_has_more_rooms_than_allowed_however_many_are_asked_for_at_once() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let nelly = stage.user_id("nelly");
    let act = stage.make_room("many");
    let asked = (0..6).map(|n| {
        let (gateway, act) = (&gateway, &act);
        async move { gateway.ask_as(&n.to_string(), nelly, act).await }
    });
    let outcomes = futures_util::future::join_all(asked).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (409, "too-many-rooms")
        );
    }
    // another one has places of their own, and a room that is gone makes room
    room(&stage, &gateway, "mason").await;
    let guild = stage.simulated();
    let mut many = guild["channels"].as_array().unwrap().iter();
    let one = many.find(|channel| channel["name"] == "many").unwrap()["id"].clone();
    let remove = Act::DeleteRoom(RemoveRoom {
        guild_id: stage.guild,
        channel_id: one.as_str().unwrap().parse().unwrap(),
    });
    let Done {} = gateway.done(nelly, &remove).await;
    room(&stage, &gateway, "nelly").await;
}

#[tokio::test]
async fn only_owner_and_moderators_manage_a_room_and_for_others_it_is_not_there() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let made = room(&stage, &gateway, "nelly").await;
    let (nelly, mason) = (stage.user_id("nelly"), stage.user_id("mason"));
    let (guild_id, channel_id) = (stage.guild, made.channel_id);
    let remove = Act::DeleteRoom(RemoveRoom {
        guild_id,
        channel_id,
    });
    let invite = |channel_id| {
        Act::CreateInvite(MakeInvite {
            guild_id,
            channel_id,
            expires_in: Some(600),
            max_uses: Some(1),
        })
    };
    let hidden = (404, "not-found".to_owned());
    let invented = invite(ChannelId::new(42));
    assert_eq!(gateway.refused(mason, &remove).await, hidden);
    assert_eq!(gateway.refused(mason, &invite(channel_id)).await, hidden);
    assert_eq!(gateway.refused(mason, &invented).await, hidden);

    // a guest sees it, and may still not manage it
    let join = Act::JoinRoom(Join {
        guild_id,
        token: made.invite_token,
    });
    let RoomJoined { .. } = gateway.done(mason, &join).await;
    let not_owner = (403, "not-owner".to_owned());
    assert_eq!(gateway.refused(mason, &remove).await, not_owner);
    assert_eq!(gateway.refused(mason, &invite(channel_id)).await, not_owner);
    // nobody manages what Fanfare did not make: not even the guild's owner
    let amara = stage.user_id("amara");
    let lounge = invite(stage.channel_id("Lounge"));
    let not_a_room = (403, "not-a-room".to_owned());
    assert_eq!(gateway.refused(amara, &lounge).await, not_a_room);

    let made: InviteMade = gateway.done(nelly, &invite(channel_id)).await;
    let revoke = Act::RevokeInvite(EndInvite {
        guild_id,
        invite_id: made.invite_id,
    });
    assert_eq!(gateway.refused(mason, &revoke).await, not_owner);
    let Done {} = gateway.done(nelly, &revoke).await;
    assert_eq!(gateway.refused(nelly, &revoke).await, hidden);
    // the guild's owner moderates everything
    let Done {} = gateway.done(amara, &remove).await;
    assert_eq!(stage.simulated_channel(channel_id), None);
    assert_eq!(gateway.refused(nelly, &remove).await, hidden);
}
