//! What browsers read beside the stream.

mod abilities;
mod guilds;
mod health;
mod history;
mod looking;
mod me;
mod messages;
mod operations;

pub(crate) use abilities::abilities;
pub(crate) use guilds::{guilds, rooms};
pub(crate) use health::{health, ready};
pub(crate) use history::{History, history};
pub(crate) use me::me;
pub(crate) use messages::messages;
pub(crate) use operations::operations;

use contracts::{GuildId, state::Guild};

use crate::{error::ApiError, membership::Standing, session::SignedIn, state::AppState};

/// The guilds that a user and the bot share.
pub(crate) async fn shared(state: &AppState, signed_in: &SignedIn) -> Result<Vec<Guild>, ApiError> {
    let known = state
        .memberships
        .of(signed_in.user.id, &signed_in.session)
        .await?;
    Ok(state.bus.guilds(&known.ids()).await?)
}

/// What a user is in the guilds that the user and the bot share.
pub(crate) async fn standings(
    state: &AppState,
    signed_in: &SignedIn,
) -> Result<Vec<Standing>, ApiError> {
    let known = state
        .memberships
        .of(signed_in.user.id, &signed_in.session)
        .await?;
    Ok(known.within(&state.bus.guilds(&known.ids()).await?))
}

/// What a user is in the guild of a path, if the user and the bot share it. Whether a foreign guild exists is not told.
async fn shared_guild(
    state: &AppState,
    signed_in: &SignedIn,
    guild: &str,
) -> Result<Standing, ApiError> {
    let guild: GuildId = guild
        .parse()
        .map_err(|_| ApiError::field("guild", "invalid", "has to be a guild's id"))?;
    let shared = standings(state, signed_in).await?;
    let found = shared.into_iter().find(|shared| shared.guild == guild);
    found.ok_or(ApiError::NotShared)
}
