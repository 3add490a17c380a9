//! What Discord's dispatches mean for browsers: the oracle's own reading of them.

mod begin;
mod channel;
mod people;
mod text;
mod voice;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::{Context as _, bail};
use serde_json::Value;

pub(crate) use begin::Begin;

use super::{
    payload::id,
    picture::{Room, Rooms},
    sight::{Sight, Sights},
    told::{Key, Kind, Told},
};
use crate::control::Dispatch;

/// An event that follows from a dispatch.
#[derive(Debug, Clone)]
pub(super) struct Emitted {
    /// The dispatch's number.
    pub(super) n: u64,
    /// Unix µs.
    pub(super) at_micros: u64,
    pub(super) told: Told,
    /// Whether it may be left out.
    pub(super) optional: bool,
}

/// All guilds, moved on by dispatches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    guilds: BTreeMap<u64, Guild>,
    pub(super) sights: Sights,
    /// Those who watch, by name.
    pub(super) watchers: HashMap<String, u64>,
    deleted: HashSet<u64>,
    /// In which channel each message was written.
    messages: HashMap<u64, u64>,
    /// When each dispatch was emitted (Unix µs), in order.
    times: Vec<(u64, u64)>,
}

#[derive(Debug, Clone, Default)]
struct Guild {
    id: u64,
    owner: u64,
    /// The permissions of each role; @everyone's has the guild's id.
    roles: HashMap<u64, u64>,
    members: people::Members,
    /// Who was removed, first by which dispatch.
    kicks: HashMap<u64, u64>,
    /// Who came, by which dispatches.
    joins: HashMap<u64, Vec<u64>>,
    channels: HashMap<u64, Channel>,
    /// Channels that were deleted and threads that were put away, as they were.
    gone: HashMap<u64, Channel>,
    /// Who is in each private thread.
    inside: HashMap<u64, BTreeSet<u64>>,
    /// Everybody in voice: where, and with which flags.
    voice: BTreeMap<u64, (u64, String)>,
    /// When a message was last edited.
    edits: HashMap<u64, u64>,
    emitted: Vec<Emitted>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Channel {
    kind: u64,
    name: String,
    parent: Option<u64>,
    limit: u64,
    /// Allow and deny, by the role or member.
    overwrites: HashMap<u64, (u64, u64)>,
    /// Hidden from the bot.
    hidden: bool,
}

/// A dispatch as it is applied to its guild.
struct Step<'a> {
    n: u64,
    at: u64,
    guild_id: u64,
    guild: &'a mut Guild,
}

/// Dispatches that mean nothing to the browsers of a run.
const IGNORED: [&str; 6] = [
    "PRESENCE_UPDATE",
    "CHANNEL_PINS_UPDATE",
    "THREAD_MEMBER_UPDATE",
    "WEBHOOKS_UPDATE",
    "VOICE_CHANNEL_STATUS_UPDATE",
    "USER_UPDATE",
];

impl Model {
    /// The guilds that the bot is in.
    pub(super) fn guild_ids(&self) -> Vec<u64> {
        self.guilds.keys().copied().collect()
    }

    /// What was told of a guild so far, whoever may see it.
    pub(super) fn emitted(&self, guild: u64) -> &[Emitted] {
        self.guilds.get(&guild).map_or(&[], |guild| &guild.emitted)
    }

    /// Whether a message was deleted.
    pub(super) fn is_deleted(&self, message: u64) -> bool {
        self.deleted.contains(&message)
    }

    /// The channel in which a message was written.
    pub(super) fn channel_of(&self, message: u64) -> Option<u64> {
        self.messages.get(&message).copied()
    }

    /// Whether a channel is a category, whose number its rooms tell to whoever sees them.
    pub(super) fn is_category(&self, channel: u64) -> bool {
        let kind = |guild: &Guild| Some(guild.channels.get(&channel)?.kind);
        self.guilds.values().find_map(kind) == Some(channel::CATEGORY)
    }

    /// The newest dispatch at a time (Unix µs).
    pub(super) fn newest_at(&self, micros: u64) -> u64 {
        let place = self.times.partition_point(|(at, _)| *at <= micros);
        place.checked_sub(1).map_or(0, |place| self.times[place].1)
    }

    /// By which dispatch somebody was removed from a guild first.
    pub(super) fn kicked(&self, guild: u64, user: u64) -> Option<u64> {
        self.guilds.get(&guild)?.kicks.get(&user).copied()
    }

    /// By which dispatch somebody came into a guild last, up to this one; `None` = nobody saw it.
    pub(super) fn joined(&self, guild: u64, user: u64, until: u64) -> Option<u64> {
        let joins = self.guilds.get(&guild)?.joins.get(&user)?;
        joins.iter().copied().rfind(|join| *join <= until)
    }

    /// The rooms that somebody can see now.
    pub(super) fn rooms(&self, guild: u64, user: u64) -> Rooms {
        let Some(state) = self.guilds.get(&guild) else {
            return Rooms::new();
        };
        let rooms = state.channels.iter();
        rooms
            .filter(|(id, channel)| channel.is_room() && state.sight(user, **id).view)
            .map(|(id, channel)| {
                let inside = state.voice.iter().filter(|(_, (room, _))| room == id);
                let room = Room {
                    detail: channel.detail(),
                    members: inside
                        .map(|(user, (_, flags))| (*user, flags.clone()))
                        .collect(),
                };
                (*id, room)
            })
            .collect()
    }

    /// Moves everything on by one dispatch.
    pub(crate) fn apply(&mut self, dispatch: &Dispatch) -> anyhow::Result<()> {
        let kind = dispatch.t.as_str();
        self.times.push((dispatch.at_micros, dispatch.n));
        if IGNORED.contains(&kind) {
            return Ok(());
        }
        let data = &dispatch.d;
        let own = data["id"].as_str().filter(|_| kind == "GUILD_UPDATE");
        let guild_id = own
            .map_or_else(|| id(&data["guild_id"]), |own| own.parse().ok())
            .with_context(|| format!("dispatch {} {kind} has no guild", dispatch.n))?;
        let guild = self.guilds.entry(guild_id).or_default();
        guild.id = guild_id;
        let mut step = Step {
            n: dispatch.n,
            at: dispatch.at_micros,
            guild_id,
            guild,
        };
        let unreadable = || format!("dispatch {} {kind} can't be read: {data}", dispatch.n);
        let mut seen_anew = false;
        match kind {
            "VOICE_STATE_UPDATE" => voice::update(&mut step, data).with_context(unreadable)?,
            "GUILD_MEMBER_ADD" => {
                people::add(&mut step, data).with_context(unreadable)?;
                seen_anew = true;
            }
            "GUILD_MEMBER_UPDATE" => {
                people::update(&mut step, data).with_context(unreadable)?;
                seen_anew = true;
            }
            "GUILD_MEMBER_REMOVE" => {
                voice::gone(&mut step, data).with_context(unreadable)?;
                people::remove(&mut step, data).with_context(unreadable)?;
                seen_anew = true;
            }
            "GUILD_UPDATE" => {
                step.guild.owner = id(&data["owner_id"]).with_context(unreadable)?;
                seen_anew = true;
            }
            "THREAD_MEMBERS_UPDATE" => {
                people::thread(&mut step, data).with_context(unreadable)?;
                seen_anew = true;
            }
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
                channel::set(&mut step, data).with_context(unreadable)?;
                seen_anew = true;
            }
            "CHANNEL_DELETE" | "THREAD_DELETE" => {
                channel::delete(&mut step, data).with_context(unreadable)?;
            }
            "THREAD_LIST_SYNC" => {
                for thread in data["threads"].as_array().with_context(unreadable)? {
                    channel::set(&mut step, thread).with_context(unreadable)?;
                }
                seen_anew = true;
            }
            "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" | "GUILD_ROLE_DELETE" => {
                people::role(&mut step, data).with_context(unreadable)?;
                seen_anew = true;
            }
            "MESSAGE_CREATE" => {
                let (channel, message) = text::create(&mut step, data).with_context(unreadable)?;
                self.messages.insert(message, channel);
            }
            "MESSAGE_UPDATE" => text::update(&mut step, data).with_context(unreadable)?,
            "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => {
                let gone = text::delete(&mut step, data).with_context(unreadable)?;
                self.deleted.extend(gone);
            }
            "MESSAGE_REACTION_ADD"
            | "MESSAGE_REACTION_REMOVE"
            | "MESSAGE_REACTION_REMOVE_ALL"
            | "MESSAGE_REACTION_REMOVE_EMOJI" => {
                text::reaction(&mut step, kind, data).with_context(unreadable)?;
            }
            "TYPING_START" => text::typing(&mut step, data).with_context(unreadable)?,
            _ => bail!("the oracle does not know what {kind} means for browsers"),
        }
        if seen_anew {
            self.look(guild_id, dispatch.n);
        }
        Ok(())
    }

    /// Notes what each watcher can see of a guild from this dispatch on.
    fn look(&mut self, guild: u64, n: u64) {
        let Some(state) = self.guilds.get(&guild) else {
            return;
        };
        for user in self.watchers.values() {
            let member = state.members.contains_key(user);
            let whole = Sight {
                view: member,
                text: member,
            };
            self.sights.set(*user, guild, n, whole);
            for channel in state.channels.keys().chain(state.gone.keys()) {
                let sight = state.sight(*user, *channel);
                self.sights.set(*user, *channel, n, sight);
            }
        }
    }
}

impl Guild {
    /// Whether the bot sees a room, so that its people are told of.
    fn shows(&self, room: u64) -> bool {
        let room = self.channels.get(&room);
        room.is_some_and(|room| room.is_room() && !room.hidden)
    }
}

impl Channel {
    fn is_thread(&self) -> bool {
        let threads = channel::ANNOUNCEMENT_THREAD..=channel::PRIVATE_THREAD;
        threads.contains(&self.kind)
    }

    fn is_room(&self) -> bool {
        matches!(self.kind, channel::VOICE | channel::STAGE)
    }

    fn detail(&self) -> String {
        super::payload::room_detail(&self.name, self.parent, self.limit)
    }
}

impl Step<'_> {
    fn tell(&mut self, kind: Kind, channel: u64, subject: u64, detail: String) {
        self.push(kind, channel, subject, detail, None, false);
    }

    fn push(
        &mut self,
        kind: Kind,
        channel: u64,
        subject: u64,
        detail: String,
        content: Option<String>,
        optional: bool,
    ) {
        let key = Key {
            guild: self.guild_id,
            kind,
            channel,
            subject,
            detail,
        };
        self.guild.emitted.push(Emitted {
            n: self.n,
            at_micros: self.at,
            told: Told { key, content },
            optional,
        });
    }
}

/// A number that Discord writes as a string.
fn bits(value: &Value) -> u64 {
    id(value).or_else(|| value.as_u64()).unwrap_or_default()
}
