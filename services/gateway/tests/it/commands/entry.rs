use contracts::{
    ChannelId, UserId,
    command::{Act, Connect, EndInvite, InviteMade, Join, MakeInvite},
    invite::InviteToken,
    rpc::{Done, RoomJoined, UserConnected},
};
use serde_json::json;

use super::{Stage, room};

fn join(stage: &Stage, token: &InviteToken) -> Act {
    Act::JoinRoom(Join {
        guild_id: stage.guild,
        token: token.clone(),
    })
}

fn connect(stage: &Stage, channel_id: ChannelId, user_id: UserId) -> Act {
    Act::ConnectUser(Connect {
        guild_id: stage.guild,
        channel_id,
        user_id,
    })
}

#[tokio::test]
async fn whoever_has_a_token_comes_in_and_is_moved_if_in_voice() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let made = room(&stage, &gateway, "nelly").await;
    let (mason, kofi) = (stage.user_id("mason"), stage.user_id("kofi"));
    let act = join(&stage, &made.invite_token);
    let joined: RoomJoined = gateway.done(mason, &act).await;
    assert_eq!((joined.channel_id, joined.moved), (made.channel_id, false));
    let joined: RoomJoined = gateway.done(kofi, &act).await;
    assert!(joined.moved);
    assert_eq!(stage.voice(kofi), Some(made.channel_id));
    let found = stage.simulated_channel(made.channel_id).unwrap();
    let overwrites = found["overwrites"].as_array().unwrap();
    for user in [mason, kofi] {
        let own = overwrites.iter().find(|one| one["id"] == user.to_string());
        assert_eq!(own.unwrap()["allow"], "1049600");
    }
    // again is once
    let again: RoomJoined = gateway.done(mason, &act).await;
    assert_eq!(again.channel_id, made.channel_id);
}

#[tokio::test]
async fn every_bad_token_gets_the_same_answer() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let made = room(&stage, &gateway, "nelly").await;
    let (nelly, mason) = (stage.user_id("nelly"), stage.user_id("mason"));
    let invite = Act::CreateInvite(MakeInvite {
        guild_id: stage.guild,
        channel_id: made.channel_id,
        expires_in: None,
        max_uses: Some(1),
    });
    let used_up: InviteMade = gateway.done(nelly, &invite).await;
    let kofi = stage.user_id("kofi");
    let RoomJoined { .. } = gateway
        .done(kofi, &join(&stage, &used_up.invite_token))
        .await;
    let revoked: InviteMade = gateway.done(nelly, &invite).await;
    let revoke = Act::RevokeInvite(EndInvite {
        guild_id: stage.guild,
        invite_id: revoked.invite_id,
    });
    let Done {} = gateway.done(nelly, &revoke).await;
    let unknown = InviteToken::new(stage.guild, [7; 24]);
    for token in [used_up.invite_token, revoked.invite_token, unknown] {
        let refused = gateway.refused(mason, &join(&stage, &token)).await;
        assert_eq!(refused, (404, "invite-invalid".to_owned()));
    }
    // the room goes, and with it the tokens
    stage.act("delete-channel", json!({"channel": made.channel_id}));
    let refused = gateway
        .refused(mason, &join(&stage, &made.invite_token))
        .await;
    assert_eq!(refused, (404, "invite-invalid".to_owned()));
}

#[tokio::test]
async fn a_token_does_not_let_in_whom_a_moderator_shut_out() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let made = room(&stage, &gateway, "nelly").await;
    let mason = stage.user_id("mason");
    let since = stage.now().await;
    stage.act(
        "overwrite",
        json!({"channel": made.channel_id, "user": "mason", "deny": "CONNECT"}),
    );
    stage.known_since(since).await;
    let refused = gateway
        .refused(mason, &join(&stage, &made.invite_token))
        .await;
    assert_eq!(refused, (403, "barred".to_owned()));
}

#[tokio::test]
async fn oneself_goes_where_one_may_connect_and_others_are_a_moderators_to_move() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let (music, office) = (
        stage.channel_id("Music Corner"),
        stage.channel_id("Back Office"),
    );
    let (priya, mason) = (stage.user_id("priya"), stage.user_id("mason"));
    let moved: UserConnected = gateway.done(priya, &connect(&stage, music, priya)).await;
    assert!(moved.moved);
    assert_eq!(stage.voice(priya), Some(music));

    let code = async |actor, act: Act| gateway.refused(actor, &act).await;
    let not_in_voice = code(mason, connect(&stage, music, mason)).await;
    assert_eq!(not_in_voice, (409, "not-in-voice".to_owned()));
    let hidden = (404, "not-found".to_owned());
    assert_eq!(code(priya, connect(&stage, office, priya)).await, hidden);
    let invented = connect(&stage, ChannelId::new(42), priya);
    assert_eq!(code(priya, invented).await, hidden);
    let text = connect(&stage, stage.channel_id("general"), priya);
    assert_eq!(code(priya, text).await, hidden);
    let others = connect(&stage, music, stage.user_id("tomas"));
    assert_eq!(
        code(mason, others.clone()).await,
        (403, "not-moderator".to_owned())
    );

    // baristas move members
    let moved: UserConnected = gateway.done(stage.user_id("nelly"), &others).await;
    assert!(moved.moved);
    assert_eq!(stage.voice(stage.user_id("tomas")), Some(music));
}

#[tokio::test]
async fn a_full_room_takes_nobody_who_comes_alone() {
    let stage = Stage::new().await;
    let gateway = stage.gateway().await;
    let (study, priya) = (stage.channel_id("Study Nook"), stage.user_id("priya"));
    let since = stage.now().await;
    stage.act(
        "update-channel",
        json!({"channel": "Study Nook", "user_limit": 1}),
    );
    stage.known_since(since).await;
    let act = connect(&stage, study, priya);
    let refused = gateway.refused(priya, &act).await;
    assert_eq!(refused, (409, "room-full".to_owned()));
    // a moderator squeezes somebody in
    let moved: UserConnected = gateway.done(stage.user_id("nelly"), &act).await;
    assert!(moved.moved);
}
