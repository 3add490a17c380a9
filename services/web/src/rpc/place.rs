//! Which guild a call concerns.

use std::time::Duration;

use contracts::{ChannelId, GuildId, problem::FieldProblem};
use tokio::time::{sleep, timeout};

use crate::{api, error::ApiError, session::SignedIn, state::AppState};

/// How long the news of a new room may take to come here before the answer goes out all the same.
const SETTLED: Duration = Duration::from_secs(1);

/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

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

/// The guild in which a channel or thread is that the user may view. One that is hidden is not there, whether it exists or not.
pub(crate) async fn of_channel(
    state: &AppState,
    signed_in: &SignedIn,
    channel: ChannelId,
) -> Result<GuildId, ApiError> {
    let user = signed_in.user.id;
    let known = state.memberships.of(user, &signed_in.session).await?;
    // The hub follows whatever it is asked for: only what is shared.
    let shared = state.bus.guilds(&known.ids()).await?;
    let is_shared = |guild| shared.iter().any(|shared| shared.id == guild);
    let mut standings = known.guilds.to_vec();
    standings.retain(|standing| is_shared(standing.guild));
    let found = state.hub.locate(user, &standings, channel).await?;
    found.ok_or(ApiError::NotFound)
}

/// Waits until this replica knows that the user may view a channel, so that whoever was just given one can go on with it at once.
/// What was done is done: if the news are late, nobody is told of it.
pub(super) async fn settled(state: &AppState, signed_in: &SignedIn, channel: ChannelId) {
    let known = async {
        while let Err(ApiError::NotFound) = of_channel(state, signed_in, channel).await {
            sleep(LOOK_EVERY).await;
        }
    };
    let _late = timeout(SETTLED, known).await;
}
