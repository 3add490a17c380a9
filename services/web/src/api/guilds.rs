use axum::{
    Json,
    extract::{Path, State},
};
use contracts::{rpc::SharedGuild, snapshot::GuildRooms};

use super::{looking::Looking, shared, shared_guild};
use crate::{error::ApiError, hub::icon_url, session::SignedIn, state::AppState};

/// `GET /api/guilds`: the guilds that the user and the bot share, by name.
pub(crate) async fn guilds(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Json<Vec<SharedGuild>>, ApiError> {
    let mut guilds = shared(&state, &signed_in).await?;
    guilds.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let entries = guilds.into_iter().map(|guild| SharedGuild {
        guild_id: guild.id,
        icon_url: icon_url(&state.config.cdn_url, &guild),
        name: guild.name,
    });
    Ok(Json(entries.collect()))
}

/// `GET /api/guilds/{guild}/rooms`: the rooms as this user may see them, and who is in them.
pub(crate) async fn rooms(
    State(state): State<AppState>,
    Looking(signed_in): Looking,
    Path(guild): Path<String>,
) -> Result<Json<GuildRooms>, ApiError> {
    let standing = shared_guild(&state, &signed_in, &guild).await?;
    let rooms = state.hub.rooms(signed_in.user.id, &standing).await?;
    rooms.map(Json).ok_or(ApiError::NotFound)
}
