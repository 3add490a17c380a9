use axum::Json;
use contracts::{
    command::{Act, Post, React},
    rpc,
};

use super::{Call, call::Answer, place};

/// `sendMessage`
pub(crate) async fn send_message(call: Call<rpc::SendMessage>) -> Answer<rpc::MessageSent> {
    let channel_id = call.input.channel_id;
    let guild_id = place::of_channel(&call.state, &call.signed_in, channel_id).await?;
    let act = Act::SendMessage(Post {
        guild_id,
        channel_id,
        content: call.input.content.clone(),
    });
    call.act(&act).await.map(Json)
}

/// `addReaction`
pub(crate) async fn add_reaction(call: Call<rpc::AddReaction>) -> Answer<rpc::Done> {
    let channel_id = call.input.channel_id;
    let guild_id = place::of_channel(&call.state, &call.signed_in, channel_id).await?;
    let act = Act::AddReaction(React {
        guild_id,
        channel_id,
        message_id: call.input.message_id,
        emoji: call.input.emoji.clone(),
    });
    call.act(&act).await.map(Json)
}
