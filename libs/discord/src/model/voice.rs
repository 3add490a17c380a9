use contracts::{ChannelId, GuildId, UserId};
use serde::Deserialize;

use super::{Member, lenient};

/// Where a user is in voice, and how (Discord, "Voice State Object").
///
/// It comes for joining, leaving and moving, and for mute, deaf, stream, video and suppress.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VoiceState {
    /// Where; absent within a guild's own list.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// The channel; `None` = left voice.
    #[serde(default)]
    pub channel_id: Option<ChannelId>,
    /// Who.
    pub user_id: UserId,
    /// The member; often missing.
    #[serde(default)]
    pub member: Option<Member>,
    /// Deafened by a moderator.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub deaf: bool,
    /// Muted by a moderator.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub mute: bool,
    /// Deafened itself.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub self_deaf: bool,
    /// Muted itself.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub self_mute: bool,
    /// Streams its screen.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub self_stream: bool,
    /// Camera on.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub self_video: bool,
    /// In a stage's audience.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub suppress: bool,
}
