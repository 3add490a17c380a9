//! What a dispatch of Discord means: a pure function over the state of the guilds.
//!
//! One file a family of dispatches. No I/O, no clock, no randomness: what is needed from outside
//! comes in as [`Context`]. State is changed only by the steps that are also published, so memory
//! and store can't disagree.

mod channel;
mod compare;
mod draft;
mod face;
mod gap;
mod guild;
mod member;
mod message;
mod presence;
mod reaction;
mod role;
mod thread;
mod typing;
mod voice;

use std::collections::{BTreeMap, BTreeSet};

use contracts::{GuildId, MessageId, UserId};
use discord::{Dispatch, Event, Intents, ShardId, model};
use event_bus::{Change, Position};

use crate::state::Guilds;
use draft::Draft;
pub(crate) use draft::reseed;
pub(crate) use face::Face;
pub(crate) use message::told;

/// What the operator chose that decides about events.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The guilds that are served; `None` = all.
    pub served: Option<BTreeSet<GuildId>>,
    /// What Discord was asked for.
    pub intents: Intents,
    /// Where Discord's images are, without a slash at the end.
    pub cdn_url: String,
}

impl Rules {
    /// Whether this guild's events are published.
    pub fn serves(&self, guild: GuildId) -> bool {
        self.served
            .as_ref()
            .is_none_or(|served| served.contains(&guild))
    }
}

/// What normalizing one dispatch needs from outside.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What the operator chose.
    pub rules: &'a Rules,
    /// Members that were asked for because neither dispatch nor state names them.
    pub names: &'a BTreeMap<UserId, model::Member>,
    /// In whose name messages were posted.
    pub behalves: &'a BTreeMap<MessageId, UserId>,
    /// Number of the Discord session.
    pub generation: u64,
    /// Unix ms up to which everything is known of guilds that stand in an earlier session; `None` = up to their last entry.
    pub known_until: Option<u64>,
}

/// What the dispatch changes; at most one change a guild, none where nothing changes.
///
/// Dropped: direct messages, guilds that are not served, and what happens in a guild of which
/// neither the store nor a `GUILD_CREATE` told.
pub fn normalize(dispatch: &Dispatch, guilds: &mut Guilds, context: Context<'_>) -> Vec<Change> {
    let position = Position {
        generation: context.generation,
        seq: dispatch.seq,
        part: 0,
    };
    let at = Moment {
        position,
        received_at: dispatch.received_at,
    };
    match &dispatch.event {
        Event::Ready(ready) => return guild::ready(ready, dispatch.shard, guilds, context, at),
        Event::UserUpdate(user) => return member::user_update(user, guilds, context, at),
        _ => {}
    }
    let Some(id) = dispatch
        .event
        .guild_id()
        .filter(|id| context.rules.serves(*id))
    else {
        return Vec::new();
    };
    let change = match &dispatch.event {
        Event::GuildCreate(model::GuildCreate::Available(guild)) => {
            guild::create(guild, guilds, context, at)
        }
        Event::GuildDelete(gone) if !gone.unavailable => guild::remove(id, guilds, context, at),
        event => draft(guilds, id, context, at).and_then(|mut draft| {
            within(event, &mut draft);
            draft.seal()
        }),
    };
    change.into_iter().collect()
}

/// Messages that were missed, fetched after the guild was told anew: what they change, placed right
/// after the last change of the guild.
pub fn fetched(
    guild: GuildId,
    messages: &[model::Message],
    guilds: &mut Guilds,
    context: Context<'_>,
    received_at: u64,
) -> Option<Change> {
    let state = guilds.guild_mut(guild)?;
    let stands = state.position?;
    let position = Position {
        part: stands.part + 1,
        ..stands
    };
    let at = Moment {
        position,
        received_at,
    };
    let mut draft = Draft::new(state, context, at);
    for message in messages {
        message::create(&mut draft, message);
    }
    draft.seal()
}

/// Where in Discord's stream, and when.
#[derive(Debug, Clone, Copy)]
struct Moment {
    position: Position,
    received_at: u64,
}

/// A draft for a guild that is known and has not seen this position.
fn draft<'a>(
    guilds: &'a mut Guilds,
    id: GuildId,
    context: Context<'a>,
    at: Moment,
) -> Option<Draft<'a>> {
    let state = guilds.guild_mut(id)?;
    if state.position.is_some_and(|known| known >= at.position) {
        return None;
    }
    Some(Draft::new(state, context, at))
}

/// The dispatches that stay within a guild that is known.
fn within(event: &Event, draft: &mut Draft<'_>) {
    match event {
        Event::GuildCreate(_) | Event::GuildDelete(_) => guild::unavailable(draft),
        Event::GuildUpdate(update) => guild::update(draft, update),
        Event::RoleCreate(update) | Event::RoleUpdate(update) => role::set(draft, &update.role),
        Event::RoleDelete(gone) => role::remove(draft, gone.role_id),
        Event::ChannelCreate(channel) | Event::ChannelUpdate(channel) => {
            channel::set(draft, channel::stored(channel));
        }
        Event::ChannelDelete(channel) => channel::remove(draft, channel.id),
        Event::ThreadCreate(thread) | Event::ThreadUpdate(thread) => thread::set(draft, thread),
        Event::ThreadDelete(thread) => channel::remove(draft, thread.id),
        Event::ThreadListSync(list) => thread::sync(draft, list),
        Event::VoiceStateUpdate(state) => voice::update(draft, state),
        Event::MemberAdd(add) => member::add(draft, &add.member),
        Event::MemberUpdate(update) => member::update(draft, &update.member),
        Event::MemberRemove(gone) => member::remove(draft, gone.user.id),
        Event::MemberChunk(chunk) => {
            for member in &chunk.members {
                member::learn(draft, member.user.as_ref(), Some(member));
            }
        }
        Event::MessageCreate(message) => message::create(draft, message),
        Event::MessageUpdate(message) => message::update(draft, message),
        Event::MessageDelete(gone) => message::delete(draft, gone.channel_id, gone.id),
        Event::MessageDeleteBulk(gone) => {
            for id in &gone.ids {
                message::delete(draft, gone.channel_id, *id);
            }
        }
        Event::ReactionAdd(reaction) => reaction::add(draft, reaction),
        Event::ReactionRemove(reaction) => reaction::remove(draft, reaction),
        Event::ReactionRemoveAll(reactions) => {
            reaction::clear(draft, reactions.channel_id, reactions.message_id, None);
        }
        Event::ReactionRemoveEmoji(reactions) => {
            let (channel, message) = (reactions.channel_id, reactions.message_id);
            reaction::clear(draft, channel, message, Some(&reactions.emoji));
        }
        Event::TypingStart(typing) => typing::start(draft, typing),
        Event::PresenceUpdate(presence) => presence::update(draft, presence),
        Event::ThreadMembersUpdate(update) => thread::members(draft, update),
        // The bot's own settings in a thread, and what is not of one guild.
        Event::ThreadMemberUpdate(_) | Event::Ready(_) | Event::Resumed | Event::UserUpdate(_) => {}
    }
}

/// The guilds of READY that this shard should know.
fn announced(ready: &model::Ready, shard: ShardId, rules: &Rules) -> BTreeSet<GuildId> {
    (ready.guilds.iter().map(|guild| guild.id))
        .filter(|guild| rules.serves(*guild) && ShardId::of(*guild, shard.count) == shard.id)
        .collect()
}
