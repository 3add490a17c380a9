use contracts::{
    GuildId, UserId,
    state::{AudienceChange, Changed, Guild},
};
use discord::{ShardId, model};
use event_bus::{Change, StateOp};

use super::{Context, Draft, Moment, announced, channel, compare, draft, gap};
use crate::state::Guilds;

/// READY names every guild of the bot. One that is stored and not named was lost while nobody
/// listened; one that is no longer served is given up in the same way.
pub(super) fn ready(
    ready: &model::Ready,
    shard: ShardId,
    guilds: &mut Guilds,
    context: Context<'_>,
    at: Moment,
) -> Vec<Change> {
    let announced = announced(ready, shard, context.rules);
    let lost = guilds
        .ids()
        .into_iter()
        .filter(|guild| !announced.contains(guild));
    lost.collect::<Vec<_>>()
        .into_iter()
        .filter_map(|guild| remove(guild, guilds, context, at))
        .collect()
}

/// `GUILD_CREATE` with the whole guild: the first one ever is stored in silence, any other is
/// compared with what is stored, and the difference comes out as events.
pub(super) fn create(
    guild: &model::Guild,
    guilds: &mut Guilds,
    context: Context<'_>,
    at: Moment,
) -> Option<Change> {
    if guilds.guild(guild.id).is_some() {
        let mut draft = draft(guilds, guild.id, context, at)?;
        if let Some(since) = draft.missed_since() {
            gap::announce(&mut draft, since);
        }
        compare::guild(&mut draft, guild);
        return draft.seal();
    }
    if guilds.left_since(guild.id, at.position) {
        return None;
    }
    let state = guilds.begin(Guild {
        id: guild.id,
        name: guild.name.clone(),
        icon: guild.icon.clone(),
        owner_id: guild.owner_id.unwrap_or(UserId::new(0)),
        unavailable: false,
        members_since: None,
    });
    let mut draft = Draft::new(state, context, at);
    compare::guild(&mut draft, guild);
    Some(draft.seal_whole())
}

/// `GUILD_UPDATE`, and the facts of a `GUILD_CREATE`.
pub(super) fn update(draft: &mut Draft<'_>, update: &model::GuildUpdate) {
    let known = draft.state.guild();
    let name = if update.name.is_empty() {
        &known.name
    } else {
        &update.name
    };
    let new = Guild {
        id: known.id,
        name: name.clone(),
        icon: update.icon.clone(),
        owner_id: update.owner_id.unwrap_or(known.owner_id),
        unavailable: known.unavailable,
        members_since: known.members_since,
    };
    facts(draft, new);
}

/// An outage: what is known stays, marked as stale. Browsers are told nothing.
pub(super) fn unavailable(draft: &mut Draft<'_>) {
    let stale = Guild {
        unavailable: true,
        ..draft.state.guild().clone()
    };
    facts(draft, stale);
}

/// Makes the guild's facts what they are now.
pub(super) fn facts(draft: &mut Draft<'_>, new: Guild) {
    let was = draft.state.guild().clone();
    if was != new {
        draft.store(StateOp::SetGuild(new.clone()));
        draft.audience(AudienceChange::Guild(Changed::from(Some(was), new)));
    }
}

/// The bot is no longer in the guild: everybody is out of every room, and the rooms are gone.
/// Discord sends nothing of the sort itself.
pub(super) fn remove(
    id: GuildId,
    guilds: &mut Guilds,
    context: Context<'_>,
    at: Moment,
) -> Option<Change> {
    let mut draft = draft(guilds, id, context, at)?;
    draft.state.unseen.clear();
    let rooms: Vec<_> = draft
        .state
        .channels()
        .filter(|room| room.is_room())
        .map(|room| room.id)
        .collect();
    for room in rooms {
        channel::vacate(&mut draft, room);
    }
    draft.store(StateOp::RemoveGuild);
    draft.audience(AudienceChange::GuildGone);
    let change = draft.seal();
    guilds.forget(id, at.position);
    change
}
