use axum::Json;
use contracts::{
    command::{Act, Connect, Join, MakeRoom, RemoveRoom, RoomMade},
    invite::InviteToken,
    rpc,
};

use super::{Call, call::Answer, invites::address, place};
use crate::error::ApiError;

/// `createRoom`
pub(crate) async fn create_room(call: Call<rpc::CreateRoom>) -> Answer<rpc::RoomMade> {
    let guild_id = place::chosen(&call.state, &call.signed_in, call.input.guild_id).await?;
    let config = &call.state.config;
    let act = Act::CreateRoom(MakeRoom {
        guild_id,
        name: call.input.name.clone(),
        user_limit: call.input.user_limit.unwrap_or(0),
        category_id: config.room_category,
        creator_roles: config.room_creator_roles.clone(),
        max_rooms: config.max_rooms_per_user,
    });
    let made: RoomMade = call.act(&act).await?;
    place::settled(&call.state, &call.signed_in, made.channel_id).await;
    Ok(Json(rpc::RoomMade {
        channel_id: made.channel_id,
        invite_url: address(&call.state, &made.invite_token),
        invite_token: made.invite_token.to_string(),
    }))
}

/// `joinRoom`
pub(crate) async fn join_room(call: Call<rpc::JoinRoom>) -> Answer<rpc::RoomJoined> {
    let token: InviteToken = call
        .input
        .token
        .parse()
        .map_err(|_| ApiError::field("token", "invalid", "is not the token of an invite"))?;
    let guild_id = place::named(&call.state, &call.signed_in, token.guild()).await?;
    let joined: rpc::RoomJoined = call.act(&Act::JoinRoom(Join { guild_id, token })).await?;
    place::settled(&call.state, &call.signed_in, joined.channel_id).await;
    Ok(Json(joined))
}

/// `connectUserToVoiceChannel`
pub(crate) async fn connect_user_to_voice_channel(
    call: Call<rpc::ConnectUserToVoiceChannel>,
) -> Answer<rpc::UserConnected> {
    let guild_id = place::named(&call.state, &call.signed_in, call.input.guild_id).await?;
    let channel_id = call.input.channel_id;
    if place::of_channel(&call.state, &call.signed_in, channel_id).await? != guild_id {
        return Err(ApiError::NotFound);
    }
    let act = Act::ConnectUser(Connect {
        guild_id,
        channel_id,
        user_id: call.input.user_id,
    });
    call.act(&act).await.map(Json)
}

/// `deleteRoom`
pub(crate) async fn delete_room(call: Call<rpc::DeleteRoom>) -> Answer<rpc::Done> {
    let channel_id = call.input.channel_id;
    let guild_id = place::of_channel(&call.state, &call.signed_in, channel_id).await?;
    let act = Act::DeleteRoom(RemoveRoom {
        guild_id,
        channel_id,
    });
    call.act(&act).await.map(Json)
}
