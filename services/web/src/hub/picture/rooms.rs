use bytes::Bytes;
use contracts::{
    ChannelId, Event,
    event::{RoomCreated, RoomDeleted},
    snapshot::{GuildRooms, Room, RoomMember},
    state::{Channel, Voice},
};

use super::{super::audience::ClassId, Picture};

/// Most classes of a guild whose snapshots are kept until something changes. Those of others are written each time.
const RENDERED: usize = 64;

impl Picture {
    /// Whether events told of a room and not yet of its end.
    pub(crate) fn is_open(&self, room: ChannelId) -> bool {
        self.open.contains(&room)
    }

    /// The rooms of which events told, in no particular order.
    pub(crate) fn open_rooms(&self) -> impl Iterator<Item = ChannelId> {
        self.open.iter().copied()
    }

    /// The people in a room, by id.
    fn people(&self, room: ChannelId) -> impl Iterator<Item = &Voice> {
        let mut people: Vec<_> = self
            .voice
            .values()
            .filter(|voice| voice.channel_id == room)
            .collect();
        people.sort_unstable_by_key(|voice| voice.user_id);
        people.into_iter()
    }

    /// The events that tell of a room and the people in it.
    pub(crate) fn appeared(&self, room: ChannelId) -> Vec<Event> {
        let Some(channel) = self.channels.get(&room) else {
            return Vec::new();
        };
        let created = Event::RoomCreated(RoomCreated {
            guild_id: self.guild,
            channel_id: room,
            name: channel.name.clone(),
            parent_id: channel.parent_id,
            user_limit: channel.user_limit,
        });
        let joined = self
            .people(room)
            .map(|voice| Event::VoiceJoined(voice.joined(self.guild)));
        std::iter::once(created).chain(joined).collect()
    }

    /// The event that tells of a room's end; `access` = it is there, but out of sight.
    pub(crate) fn vanished(&self, room: ChannelId, access: bool) -> Event {
        Event::RoomDeleted(RoomDeleted {
            guild_id: self.guild,
            channel_id: room,
            access: access.then_some(true),
        })
    }

    /// The guild as part of a snapshot for a class, in JSON; written once per change of the picture.
    pub(crate) fn rendered(
        &mut self,
        cdn: &str,
        class: ClassId,
        sees: impl Fn(ChannelId) -> bool,
    ) -> Bytes {
        if let Some(rendered) = self.rendered.get(&class) {
            return rendered.clone();
        }
        let json = serde_json::to_vec(&self.rooms(cdn, |room| sees(room.id)))
            .map(Bytes::from)
            .unwrap_or_default();
        if self.rendered.len() < RENDERED {
            self.rendered.insert(class, json.clone());
        }
        json
    }

    /// The rooms that somebody sees, in Discord's order.
    pub(crate) fn rooms(&self, cdn: &str, sees: impl Fn(&Channel) -> bool) -> GuildRooms {
        let rooms = self.open.iter().filter_map(|room| self.channels.get(room));
        let mut shown: Vec<_> = rooms.filter(|room| sees(room)).collect();
        shown.sort_unstable_by_key(|channel| (channel.position, channel.id));
        let rooms = shown.into_iter().map(|channel| Room {
            channel_id: channel.id,
            name: channel.name.clone(),
            parent_id: channel.parent_id,
            user_limit: channel.user_limit,
            members: self.people(channel.id).map(member).collect(),
        });
        let facts = self.facts.as_ref();
        GuildRooms {
            guild_id: self.guild,
            name: facts.map(|facts| facts.name.clone()).unwrap_or_default(),
            icon_url: facts.and_then(|facts| icon_url(cdn, facts)),
            unavailable: facts.is_none_or(|facts| facts.unavailable),
            rooms: rooms.collect(),
        }
    }
}

/// Address of a guild's icon (Discord, "Image Formatting").
pub(crate) fn icon_url(cdn: &str, guild: &contracts::state::Guild) -> Option<String> {
    let hash = guild.icon.as_ref()?;
    Some(format!("{cdn}/icons/{}/{hash}.png", guild.id))
}

fn member(voice: &Voice) -> RoomMember {
    RoomMember {
        user_id: voice.user_id,
        username: voice.username.clone(),
        display_name: voice.display_name.clone(),
        avatar: voice.avatar.clone(),
        avatar_url: voice.avatar_url.clone(),
        flags: voice.flags,
    }
}
