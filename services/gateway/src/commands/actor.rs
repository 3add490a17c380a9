//! Who asks: a member's roles, time-out and face, as Discord has them.

use std::{sync::Arc, time::Duration};

use contracts::{GuildId, RoleId, UserId, state};
use discord::{Intents, Rest, RestError, model};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::directory::Held;
use crate::{
    normalize::{Face, Rules},
    state::Recent,
};

/// How long a member that Discord was asked for is taken to be as it was. Without the members intent nobody tells of changes.
const TTL: Duration = Duration::from_secs(60);
/// Members that are remembered; beyond it the oldest are forgotten and asked for again.
const LIMIT: usize = 10_000;

/// A member who asks for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Actor {
    pub(super) user: UserId,
    pub(super) roles: Vec<RoleId>,
    /// Unix ms.
    pub(super) timed_out_until: Option<u64>,
    pub(super) username: String,
    pub(super) display_name: String,
    pub(super) avatar_url: String,
}

/// Looks members up.
pub(super) struct Actors {
    rest: Arc<Rest>,
    rules: Arc<Rules>,
    asked: Mutex<Recent<(GuildId, UserId), (Instant, Actor)>>,
}

impl Actors {
    pub(super) fn new(rest: Arc<Rest>, rules: Arc<Rules>) -> Self {
        Self {
            rest,
            rules,
            asked: Mutex::new(Recent::new(LIMIT)),
        }
    }

    /// A member; `None` = not a member. With the members intent what the state knows is current; else Discord is asked.
    pub(super) async fn member(
        &self,
        held: &Held,
        guild: GuildId,
        user: UserId,
    ) -> Result<Option<Actor>, RestError> {
        if self.rules.intents.contains(Intents::GUILD_MEMBERS) && held.connected() {
            let known = held.look(guild, |state| state.member(user).map(Actor::from));
            if let Some(actor) = known.flatten() {
                return Ok(Some(actor));
            }
        }
        let fresh = |(at, _): &&(Instant, Actor)| at.elapsed() < TTL;
        let known = {
            let asked = self.asked.lock();
            asked
                .value((guild, user))
                .filter(fresh)
                .map(|(_, actor)| actor.clone())
        };
        if known.is_some() {
            return Ok(known);
        }
        let member = self.rest.guild_member(guild, user).await?;
        let actor = member.map(|member| self.read(guild, user, &member));
        let mut asked = self.asked.lock();
        asked.remove((guild, user));
        if let Some(actor) = &actor {
            asked.insert((guild, user), (Instant::now(), actor.clone()));
        }
        Ok(actor)
    }

    fn read(&self, guild: GuildId, id: UserId, member: &model::Member) -> Actor {
        let cdn = &self.rules.cdn_url;
        let face = match &member.user {
            Some(user) => Face::of(cdn, guild, user, Some(member)),
            None => Face::unknown(cdn, id),
        };
        Actor {
            user: id,
            roles: member.roles.clone(),
            timed_out_until: member
                .communication_disabled_until
                .map(model::Timestamp::unix_ms),
            username: face.username,
            display_name: face.display_name,
            avatar_url: face.avatar_url,
        }
    }
}

impl From<&state::Member> for Actor {
    fn from(member: &state::Member) -> Self {
        Self {
            user: member.user_id,
            roles: member.roles.clone(),
            timed_out_until: member.timed_out_until,
            username: member.username.clone(),
            display_name: member.display_name.clone(),
            avatar_url: member.avatar_url.clone(),
        }
    }
}
