//! The picture of a guild that browsers start from.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{ChannelId, GuildId, UserId, event::VoiceFlags};

/// Payload of the `snapshot` event: per guild the rooms that this user may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Snapshot {
    /// The guilds of the stream.
    pub guilds: Vec<GuildRooms>,
}

/// A guild with its rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GuildRooms {
    /// The guild.
    pub guild_id: GuildId,
    /// Its name.
    pub name: String,
    /// Address of its icon.
    pub icon_url: Option<String>,
    /// True during an outage of Discord: the rooms are those known before it.
    pub unavailable: bool,
    /// Rooms in Discord's order.
    pub rooms: Vec<Room>,
}

/// A room and who is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// The room.
    pub channel_id: ChannelId,
    /// Its name.
    pub name: String,
    /// Its category.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub parent_id: Option<ChannelId>,
    /// How many people it takes; 0 = no limit.
    pub user_limit: u32,
    /// Who is in it.
    pub members: Vec<RoomMember>,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomMember {
    /// Who.
    pub user_id: UserId,
    /// The user's name.
    pub username: String,
    /// What people see.
    pub display_name: String,
    /// Discord's hash of the avatar.
    pub avatar: Option<String>,
    /// Address of an image; there is always one.
    pub avatar_url: String,
    /// Muted, deafened, streaming …
    pub flags: VoiceFlags,
}
