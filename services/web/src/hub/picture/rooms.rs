use bytes::Bytes;
use contracts::{
    ChannelId,
    snapshot::{GuildRooms, Room, RoomMember},
    state::{Channel, Voice},
};

use super::Picture;

impl Picture {
    /// The rooms that browsers know of, in no particular order.
    pub(crate) fn shown(&self) -> impl Iterator<Item = ChannelId> {
        self.shown.iter().copied()
    }

    /// The rooms that are stored, whoever may see them.
    pub(crate) fn rooms_stored(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values().filter(|channel| channel.is_room())
    }

    /// The people in a room, by id.
    pub(super) fn people(&self, room: ChannelId) -> impl Iterator<Item = &Voice> {
        let mut people: Vec<_> = self
            .voice
            .values()
            .filter(|voice| voice.channel_id == room)
            .collect();
        people.sort_unstable_by_key(|voice| voice.user_id);
        people.into_iter()
    }

    /// The guild as part of a snapshot, in JSON; written once per change of the picture.
    pub(crate) fn rendered(&mut self, cdn: &str) -> Bytes {
        if let Some(rendered) = &self.rendered {
            return rendered.clone();
        }
        let json = serde_json::to_vec(&self.rooms(cdn))
            .map(Bytes::from)
            .unwrap_or_default();
        self.rendered = Some(json.clone());
        json
    }

    /// The rooms that everybody may see, in Discord's order.
    pub(crate) fn rooms(&self, cdn: &str) -> GuildRooms {
        let mut shown: Vec<_> = self
            .channels
            .values()
            .filter(|channel| self.shown.contains(&channel.id))
            .collect();
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
