use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{ChannelId, GuildId, UserId};

/// `voice.joined`: the user is now in a room in which it was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VoiceJoined {
    /// The guild.
    pub guild_id: GuildId,
    /// The room joined.
    pub channel_id: ChannelId,
    /// Who.
    pub user_id: UserId,
    /// The user's name; always present.
    pub username: String,
    /// Discord's hash of the avatar.
    pub avatar: Option<String>,
    /// What people see: nickname, else global name, else user name.
    pub display_name: String,
    /// Address of an image; there is always one.
    pub avatar_url: String,
    /// Muted, deafened, streaming …
    #[serde(default)]
    pub flags: VoiceFlags,
}

/// `voice.left`: the user is no longer in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VoiceLeft {
    /// The guild.
    pub guild_id: GuildId,
    /// Always null.
    pub channel_id: Option<ChannelId>,
    /// Who.
    pub user_id: UserId,
    /// The room left.
    pub previous_channel_id: Option<ChannelId>,
    /// Whether the user went to another room (which the receiver may not be allowed to see).
    #[serde(default)]
    pub moved: bool,
}

/// `voice.updated`: same room; mute, deaf, stream, video or suppress changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VoiceUpdated {
    /// The guild.
    pub guild_id: GuildId,
    /// The room.
    pub channel_id: ChannelId,
    /// Who.
    pub user_id: UserId,
    /// What holds now.
    pub flags: VoiceFlags,
}

/// What a voice state says beside the room (Discord, "Voice State").
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "camelCase", default)]
pub struct VoiceFlags {
    /// Muted by the guild.
    pub mute: bool,
    /// Deafened by the guild.
    pub deaf: bool,
    /// Muted by the user.
    pub self_mute: bool,
    /// Deafened by the user.
    pub self_deaf: bool,
    /// Shares a screen.
    pub stream: bool,
    /// Shows a camera.
    pub video: bool,
    /// In a stage's audience.
    pub suppress: bool,
}
