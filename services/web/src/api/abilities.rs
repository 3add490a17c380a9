use axum::{
    Json,
    extract::{Path, State},
};
use contracts::{
    ChannelId,
    command::{Act, ReadAbilities},
    rpc::ChannelAbilities,
};
use uuid::Uuid;

use super::looking::Looking;
use crate::{
    error::ApiError,
    rpc::{ask, place},
    state::AppState,
};

/// `GET /api/channels/{channel}/abilities`: what the user may do in a channel. The gateway decides.
pub(crate) async fn abilities(
    State(state): State<AppState>,
    Looking(signed_in): Looking,
    Path(channel): Path<String>,
) -> Result<Json<ChannelAbilities>, ApiError> {
    let channel_id: ChannelId = channel
        .parse()
        .map_err(|_| ApiError::field("channel", "invalid", "has to be a channel's id"))?;
    let guild_id = place::of_channel(&state, &signed_in, channel_id).await?;
    let act = Act::ReadAbilities(ReadAbilities {
        guild_id,
        channel_id,
    });
    let key = Uuid::new_v4().to_string();
    ask(&state, &signed_in, &act, key).await.map(Json)
}
