use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{GuildId, RoleId, UserId};

/// `member.joined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberJoined {
    /// The guild.
    pub guild_id: GuildId,
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
    /// Roles beside @everyone.
    pub roles: Vec<RoleId>,
}

/// `member.updated`: name, avatar or roles changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberUpdated {
    /// The guild.
    pub guild_id: GuildId,
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
    /// Roles beside @everyone.
    pub roles: Vec<RoleId>,
}

/// `member.left`: left, was removed or was banned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberLeft {
    /// The guild.
    pub guild_id: GuildId,
    /// Who.
    pub user_id: UserId,
}

/// What somebody does (Discord, "Activity").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PresenceActivity {
    /// What it is called.
    pub name: String,
    /// 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Text of a custom status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub state: Option<String>,
}

/// `presence.updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceUpdated {
    /// The guild.
    pub guild_id: GuildId,
    /// Who.
    pub user_id: UserId,
    /// `online`, `idle`, `dnd` or `offline`.
    pub status: String,
    /// What the user does.
    pub activities: Vec<PresenceActivity>,
}
