use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{ChannelId, GuildId};

/// `room.created`: a voice or stage channel exists (or became visible to the receiver).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomCreated {
    /// The guild.
    pub guild_id: GuildId,
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
}

/// `room.updated`: name, category or limit changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomUpdated {
    /// The guild.
    pub guild_id: GuildId,
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
}

/// `room.deleted`: the room is gone (or out of the receiver's sight).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomDeleted {
    /// The guild.
    pub guild_id: GuildId,
    /// The room.
    pub channel_id: ChannelId,
    /// True if the room still exists and only the receiver may no longer see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub access: Option<bool>,
}
