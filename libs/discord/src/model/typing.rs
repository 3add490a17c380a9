use contracts::{ChannelId, GuildId, UserId};
use serde::Deserialize;

use super::{Member, lenient};

/// `TYPING_START`: holds for about ten seconds; nothing tells the end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TypingStart {
    /// Where.
    pub channel_id: ChannelId,
    /// The guild; absent in direct messages.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// Who.
    pub user_id: UserId,
    /// Since when, in Unix seconds.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub timestamp: u64,
    /// The member, in guilds.
    #[serde(default)]
    pub member: Option<Member>,
}
