//! Asks Discord who somebody is, where neither dispatch nor state says it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use contracts::{GuildId, UserId};
use discord::{
    Dispatch, Event, Rest,
    model::{GuildCreate, Member},
};
use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use crate::{
    metrics::Metrics,
    state::{Guilds, Recent},
};

/// Members asked for on behalf of one dispatch; whoever is beyond it is an "Unknown user" until a
/// dispatch names them. Events wait meanwhile, so it is small.
const LOOKUPS_PER_DISPATCH: usize = 20;
/// How many are asked for at the same time.
const LOOKUPS_AT_ONCE: usize = 5;
/// How long a dispatch waits for its names, all together.
const PATIENCE: Duration = Duration::from_secs(2);
/// For how long nobody asks again for a member that could not be had.
const MISS_TTL: Duration = Duration::from_mins(1);
/// How many of those are remembered.
const MISS_LIMIT: usize = 1_000;

/// Where members can be looked up.
#[async_trait]
pub(crate) trait Members: Send + Sync + 'static {
    /// A member of a guild; `Ok(None)` = not a member. `Err` says why it can't be told now.
    async fn member(&self, guild: GuildId, user: UserId) -> Result<Option<Member>, String>;
}

#[async_trait]
impl Members for Rest {
    async fn member(&self, guild: GuildId, user: UserId) -> Result<Option<Member>, String> {
        self.guild_member(guild, user)
            .await
            .map_err(|error| error.to_string())
    }
}

/// Looks members up, within bounds.
pub(crate) struct Names {
    members: Arc<dyn Members>,
    misses: Recent<(GuildId, UserId), Instant>,
    metrics: Arc<Metrics>,
}

impl Names {
    pub(crate) fn new(members: Arc<dyn Members>, metrics: Arc<Metrics>) -> Self {
        Self {
            members,
            misses: Recent::new(MISS_LIMIT),
            metrics,
        }
    }

    /// Those of `wanted` that could be had in time.
    pub(crate) async fn ask(
        &mut self,
        guild: GuildId,
        wanted: BTreeSet<UserId>,
    ) -> BTreeMap<UserId, Member> {
        let now = Instant::now();
        let fresh = |missed: &Instant| now.duration_since(*missed) < MISS_TTL;
        let wanted: Vec<UserId> = wanted
            .into_iter()
            .filter(|user| !self.misses.value((guild, *user)).is_some_and(fresh))
            .take(LOOKUPS_PER_DISPATCH)
            .collect();
        let mut found = BTreeMap::new();
        if wanted.is_empty() {
            return found;
        }
        let members = &self.members;
        let mut answers = stream::iter(wanted.clone())
            .map(|user| async move { (user, members.member(guild, user).await) })
            .buffer_unordered(LOOKUPS_AT_ONCE);
        let deadline = now + PATIENCE;
        while let Ok(Some((user, answer))) = timeout_at(deadline, answers.next()).await {
            match answer {
                Ok(Some(member)) => {
                    self.metrics.lookup("found");
                    found.insert(user, member);
                }
                Ok(None) => self.metrics.lookup("absent"),
                Err(error) => {
                    self.metrics.lookup("failed");
                    debug!(component = "Gateway", guild_id = %guild, user_id = %user, error, "a member could not be looked up");
                }
            }
        }
        drop(answers);
        for user in wanted.into_iter().filter(|user| !found.contains_key(user)) {
            self.misses.remove((guild, user));
            self.misses.insert((guild, user), now);
        }
        found
    }
}

/// Who is named neither by the dispatch nor by the state, though an event must name them: people
/// coming into voice.
pub(crate) fn wanted(dispatch: &Dispatch, guilds: &Guilds) -> Option<(GuildId, BTreeSet<UserId>)> {
    let guild = dispatch.event.guild_id()?;
    let state = guilds.guild(guild);
    let known = |user: UserId| state.is_some_and(|state| state.member(user).is_some());
    let wanted: BTreeSet<UserId> = match &dispatch.event {
        Event::VoiceStateUpdate(voice) => {
            let named = voice
                .member
                .as_ref()
                .is_some_and(|member| member.user.is_some());
            let nameless = state.is_some() && voice.channel_id.is_some() && !named;
            (nameless && !known(voice.user_id))
                .then_some(voice.user_id)
                .into_iter()
                .collect()
        }
        Event::GuildCreate(GuildCreate::Available(new)) => {
            let listed: BTreeSet<UserId> = new
                .members
                .iter()
                .filter_map(|member| member.user.as_ref().map(|user| user.id))
                .collect();
            let nameless = |user: &UserId| !listed.contains(user) && !known(*user);
            new.voice_states
                .iter()
                .filter(|voice| voice.channel_id.is_some() && voice.member.is_none())
                .map(|voice| voice.user_id)
                .filter(nameless)
                .collect()
        }
        _ => return None,
    };
    (!wanted.is_empty()).then_some((guild, wanted))
}

#[cfg(test)]
mod tests;
