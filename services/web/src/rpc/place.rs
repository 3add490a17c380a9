//! Which guild a call concerns.

use contracts::{ChannelId, GuildId, problem::FieldProblem};

use crate::{api, error::ApiError, session::SignedIn, state::AppState};

/// The guild that is named, else the default one, else the only one that is shared.
pub(super) async fn chosen(
    state: &AppState,
    signed_in: &SignedIn,
    named: Option<GuildId>,
) -> Result<GuildId, ApiError> {
    let shared = api::shared(state, signed_in).await?;
    let shared: Vec<_> = shared.into_iter().map(|guild| guild.id).collect();
    match (named.or(state.config.default_guild), &shared[..]) {
        (Some(guild), _) if shared.contains(&guild) => Ok(guild),
        (Some(_), _) | (None, []) => Err(ApiError::NotShared),
        (None, [only]) => Ok(*only),
        (None, _) => Err(ApiError::Invalid(vec![FieldProblem {
            field: "guildId".to_owned(),
            code: "required".to_owned(),
            message: "is missing: you share several guilds with the bot".to_owned(),
        }])),
    }
}

/// A guild that is named by what was sent, if it is shared. Whether a foreign guild exists is not told.
pub(super) async fn named(
    state: &AppState,
    signed_in: &SignedIn,
    guild: GuildId,
) -> Result<GuildId, ApiError> {
    let shared = api::shared(state, signed_in).await?;
    let is_shared = shared.iter().any(|shared| shared.id == guild);
    is_shared.then_some(guild).ok_or(ApiError::NotShared)
}

/// The guild of a channel or thread among those that are shared. Where there is none, it looks as if there were no such channel.
/// Whether the user may view it is judged by the gateway, with the same answer.
pub(crate) async fn of_channel(
    state: &AppState,
    signed_in: &SignedIn,
    channel: ChannelId,
) -> Result<GuildId, ApiError> {
    let shared = api::shared(state, signed_in).await?;
    let ids: Vec<_> = shared.into_iter().map(|guild| guild.id).collect();
    let cut = state.bus.snapshot(&ids).await?;
    let holds =
        |guild: &&event_bus::GuildCut| guild.state.channels.iter().any(|known| known.id == channel);
    let found = cut.guilds.iter().find(holds);
    found
        .map(|guild| guild.state.guild.id)
        .ok_or(ApiError::NotFound)
}
