//! What is true in a guild and who may see it, moved on by log entries alone.

mod change;
mod ground;
mod rooms;
mod sight;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};

use contracts::{
    ChannelId, Envelope, Event, EventKind, GuildId, RoleId, UserId,
    state::{Channel, Guild, Voice},
};
use event_bus::{GuildCut, Position};

use super::Mask;
pub(crate) use change::Shift;
pub(crate) use rooms::icon_url;
pub(crate) use sight::Sight;

/// The picture of one guild. Verdicts are computed when an audience entry changes them, never per delivery.
#[derive(Debug)]
pub(crate) struct Picture {
    guild: GuildId,
    facts: Option<Guild>,
    /// The permissions of @everyone.
    everyone: u64,
    /// The permissions of all roles.
    roles: HashMap<RoleId, u64>,
    channels: HashMap<ChannelId, Channel>,
    sights: HashMap<ChannelId, Sight>,
    /// Channels that are gone, the oldest first: what they were decides who may see what happened in them.
    buried: VecDeque<Channel>,
    voice: HashMap<UserId, Voice>,
    /// The rooms that browsers know of.
    shown: HashSet<ChannelId>,
    /// The room made known by the change at this position, for which `room.created` need not be told again.
    revealed: Option<Position>,
    rendered: Option<bytes::Bytes>,
}

impl Picture {
    /// A guild that is not stored: nothing is known, nobody sees anything.
    pub(crate) fn empty(guild: GuildId) -> Self {
        Self {
            guild,
            facts: None,
            everyone: 0,
            roles: HashMap::new(),
            channels: HashMap::new(),
            sights: HashMap::new(),
            buried: VecDeque::new(),
            voice: HashMap::new(),
            shown: HashSet::new(),
            revealed: None,
            rendered: None,
        }
    }

    /// The picture of a guild as of a cut.
    pub(crate) fn of_cut(cut: GuildCut) -> Self {
        let state = cut.state;
        let guild = state.guild.id;
        let mut picture = Self::empty(guild);
        let everyone = state.roles.iter().find(|role| role.id == guild.everyone());
        picture.everyone = everyone.map_or(0, |role| role.permissions);
        let roles = state.roles.iter();
        picture.roles = roles.map(|role| (role.id, role.permissions)).collect();
        picture.facts = Some(state.guild);
        picture.channels = state
            .channels
            .into_iter()
            .map(|channel| (channel.id, channel))
            .collect();
        let gone = cut.gone.into_iter();
        picture.buried = gone
            .filter(|gone| !picture.channels.contains_key(&gone.id))
            .collect();
        picture.voice = state
            .voice
            .into_iter()
            .map(|voice| (voice.user_id, voice))
            .collect();
        picture.judge_all();
        let rooms = picture
            .channels
            .values()
            .filter(|channel| channel.is_room());
        picture.shown = rooms
            .map(|channel| channel.id)
            .filter(|room| picture.sights.get(room).is_some_and(|sight| sight.view))
            .collect();
        picture
    }

    /// Whether the guild is stored.
    pub(crate) fn is_known(&self) -> bool {
        self.facts.is_some()
    }

    /// What @everyone may see of a channel; deleted ones are judged as they were.
    pub(crate) fn sight(&self, channel: ChannelId) -> Option<Sight> {
        self.sights.get(&channel).copied()
    }

    /// Whether @everyone may receive an event of this kind in this channel.
    pub(crate) fn shows(&self, kind: EventKind, channel: Option<ChannelId>) -> bool {
        let Some(channel) = channel else { return true };
        let sight = self.sight(channel).unwrap_or(Sight::NONE);
        if Mask::TEXT.meets(Mask::of(kind)) {
            sight.text
        } else {
            sight.view
        }
    }

    /// Takes an event into the picture and says whether browsers may receive it.
    pub(crate) fn absorb(&mut self, envelope: &Envelope, position: Position) -> bool {
        let visible = self.shows(envelope.event, envelope.channel_id);
        let (kind, payload) = (envelope.event, &*envelope.payload);
        if !kind.touches_rooms() {
            return visible;
        }
        self.rendered = None;
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
            Ok(Event::RoomCreated(room)) => {
                let told = !self.shown.insert(room.channel_id) && self.revealed == Some(position);
                if !visible {
                    self.shown.remove(&room.channel_id);
                }
                return visible && !told;
            }
            Ok(Event::RoomDeleted(room)) => return self.shown.remove(&room.channel_id) || visible,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(component = "Internal", event = %kind, guild_id = %self.guild, %error,
                    "the payload of an event can't be read; it is passed on, the picture of the rooms stays as it was");
            }
        }
        visible
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
