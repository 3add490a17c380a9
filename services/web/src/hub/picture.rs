//! What is true in a guild, moved on by log entries alone.

mod change;
mod ground;
mod rooms;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};

use bytes::Bytes;
use contracts::{
    ChannelId, Envelope, Event, EventKind, GuildId, RoleId, UserId,
    state::{Channel, Guild, Voice},
};
use event_bus::GuildCut;

use super::audience::ClassId;
pub(crate) use change::{Effect, Users};
pub(crate) use rooms::icon_url;

/// The picture of one guild.
#[derive(Debug)]
pub(crate) struct Picture {
    guild: GuildId,
    facts: Option<Guild>,
    /// The permissions of all roles.
    roles: HashMap<RoleId, u64>,
    channels: HashMap<ChannelId, Channel>,
    /// Channels that are gone, the oldest first: what they were decides who may see what happened in them.
    buried: VecDeque<Channel>,
    voice: HashMap<UserId, Voice>,
    /// The rooms that there are as far as events told: who sees one of these knows of it.
    open: HashSet<ChannelId>,
    /// What classes were last sent as a snapshot.
    rendered: HashMap<ClassId, Bytes>,
}

impl Picture {
    /// A guild that is not stored: nothing is known, nobody sees anything.
    pub(crate) fn empty(guild: GuildId) -> Self {
        Self {
            guild,
            facts: None,
            roles: HashMap::new(),
            channels: HashMap::new(),
            buried: VecDeque::new(),
            voice: HashMap::new(),
            open: HashSet::new(),
            rendered: HashMap::new(),
        }
    }

    /// The picture of a guild as of a cut.
    pub(crate) fn of_cut(cut: GuildCut) -> Self {
        let state = cut.state;
        let mut picture = Self::empty(state.guild.id);
        let roles = state.roles.iter();
        picture.roles = roles.map(|role| (role.id, role.permissions)).collect();
        picture.facts = Some(state.guild);
        let channels = state.channels.into_iter();
        picture.channels = channels.map(|channel| (channel.id, channel)).collect();
        let gone = cut.gone.into_iter();
        picture.buried = gone
            .filter(|gone| !picture.channels.contains_key(&gone.id))
            .collect();
        let voice = state.voice.into_iter();
        picture.voice = voice.map(|voice| (voice.user_id, voice)).collect();
        let channels = picture.channels.values();
        let rooms = channels.filter(|channel| channel.is_room() && !channel.obfuscated);
        picture.open = rooms.map(|room| room.id).collect();
        picture
    }

    /// Whether the guild is stored.
    pub(crate) fn is_known(&self) -> bool {
        self.facts.is_some()
    }

    /// Unix ms since which the log tells of everybody who joins or leaves, if it does.
    pub(crate) fn members_since(&self) -> Option<u64> {
        self.facts.as_ref().and_then(|facts| facts.members_since)
    }

    /// Takes an event into the picture.
    pub(crate) fn absorb(&mut self, envelope: &Envelope) {
        let (kind, payload) = (envelope.event, &*envelope.payload);
        if !kind.touches_rooms() {
            return;
        }
        self.rendered.clear();
        match Event::read(kind, payload) {
            Ok(Event::VoiceJoined(joined)) => {
                let voice = Voice {
                    user_id: joined.user_id,
                    channel_id: joined.channel_id,
                    username: joined.username,
                    display_name: joined.display_name,
                    avatar: joined.avatar,
                    avatar_url: joined.avatar_url,
                    flags: joined.flags,
                };
                self.voice.insert(voice.user_id, voice);
            }
            Ok(Event::VoiceLeft(left)) => {
                let here = self.voice.get(&left.user_id).map(|voice| voice.channel_id);
                if here == left.previous_channel_id {
                    self.voice.remove(&left.user_id);
                }
            }
            Ok(Event::VoiceUpdated(updated)) => {
                if let Some(voice) = self.voice.get_mut(&updated.user_id) {
                    voice.flags = updated.flags;
                }
            }
            Ok(Event::MemberUpdated(member)) => {
                if let Some(voice) = self.voice.get_mut(&member.user_id) {
                    voice.username = member.username;
                    voice.display_name = member.display_name;
                    voice.avatar = member.avatar;
                    voice.avatar_url = member.avatar_url;
                }
            }
            Ok(Event::RoomCreated(room)) => drop(self.open.insert(room.channel_id)),
            Ok(Event::RoomDeleted(room)) => drop(self.open.remove(&room.channel_id)),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(component = "Internal", event = %kind, guild_id = %self.guild, %error,
                    "the payload of an event can't be read; it is passed on, the picture of the rooms stays as it was");
            }
        }
    }
}

/// What the picture needs to know of an event's kind.
trait KindTraits {
    /// Whether it changes the picture of the rooms.
    fn touches_rooms(self) -> bool;
}

impl KindTraits for EventKind {
    fn touches_rooms(self) -> bool {
        matches!(
            self,
            Self::VoiceJoined
                | Self::VoiceLeft
                | Self::VoiceUpdated
                | Self::RoomCreated
                | Self::RoomDeleted
                | Self::MemberUpdated
        )
    }
}
