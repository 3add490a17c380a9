//! What Discord's dispatches mean for browsers: the oracle's own reading of them.

mod begin;
mod channel;
mod text;
mod voice;

use std::collections::{BTreeMap, HashMap, HashSet};

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
    deleted: HashSet<u64>,
}

#[derive(Debug, Clone, Default)]
struct Guild {
    /// Permissions of @everyone.
    everyone: u64,
    channels: HashMap<u64, Channel>,
    /// Everybody in voice: where, and with which flags.
    voice: BTreeMap<u64, (u64, String)>,
    /// When a message was last edited.
    edits: HashMap<u64, u64>,
    emitted: Vec<Emitted>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Channel {
    kind: u64,
    name: String,
    parent: Option<u64>,
    limit: u64,
    /// @everyone's overwrite: allow, deny.
    everyone: (u64, u64),
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
const IGNORED: [&str; 10] = [
    "PRESENCE_UPDATE",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_UPDATE",
    "GUILD_UPDATE",
    "CHANNEL_PINS_UPDATE",
    "THREAD_MEMBER_UPDATE",
    "THREAD_MEMBERS_UPDATE",
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

    /// The rooms that everybody can see now.
    pub(super) fn rooms(&self, guild: u64) -> Rooms {
        let Some(state) = self.guilds.get(&guild) else {
            return Rooms::new();
        };
        let rooms = state.channels.iter();
        rooms
            .filter(|(id, channel)| channel.is_room() && state.sight(**id).view)
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
        if IGNORED.contains(&kind) {
            return Ok(());
        }
        let data = &dispatch.d;
        let guild_id = id(&data["guild_id"])
            .with_context(|| format!("dispatch {} {kind} has no guild", dispatch.n))?;
        let guild = self.guilds.entry(guild_id).or_default();
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
            "GUILD_MEMBER_REMOVE" => voice::gone(&mut step, data).with_context(unreadable)?,
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
                channel::role(&mut step, data);
                seen_anew = true;
            }
            "MESSAGE_CREATE" => text::create(&mut step, data).with_context(unreadable)?,
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
            self.look(guild_id, dispatch.at_micros);
        }
        Ok(())
    }

    /// Notes what everybody can see of a guild's channels from now on.
    fn look(&mut self, guild: u64, at: u64) {
        let Some(state) = self.guilds.get(&guild) else {
            return;
        };
        for channel in state.channels.keys() {
            self.sights.set(*channel, at, state.sight(*channel));
        }
    }
}

impl Guild {
    /// What everybody can see of a channel; a thread is as its parent.
    fn sight(&self, channel: u64) -> Sight {
        let Some(state) = self.channels.get(&channel) else {
            return Sight::default();
        };
        match state.kind {
            _ if state.hidden => Sight::default(),
            channel::PRIVATE_THREAD => Sight::default(),
            channel::ANNOUNCEMENT_THREAD | channel::PUBLIC_THREAD => {
                let parent = state.parent.filter(|parent| *parent != channel);
                parent.map_or(Sight::default(), |parent| self.sight(parent))
            }
            _ => Sight::of(self.everyone, state.everyone, state.is_room()),
        }
    }

    /// Whether the bot sees a room, so that its people are told of.
    fn shows(&self, room: u64) -> bool {
        let room = self.channels.get(&room);
        room.is_some_and(|room| room.is_room() && !room.hidden)
    }
}

impl Channel {
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
