use contracts::{ChannelId, GuildId, MessageId, UserId};
use serde::Deserialize;

use super::{Emoji, Member, lenient};

/// `MESSAGE_REACTION_ADD`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReactionAdd {
    /// Who.
    pub user_id: UserId,
    /// Where.
    pub channel_id: ChannelId,
    /// To which message.
    pub message_id: MessageId,
    /// The guild; absent in direct messages.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// The member, in guilds.
    #[serde(default)]
    pub member: Option<Member>,
    /// What.
    pub emoji: Emoji,
    /// A super reaction.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub burst: bool,
}

/// `MESSAGE_REACTION_REMOVE`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReactionRemove {
    /// Whose.
    pub user_id: UserId,
    /// Where.
    pub channel_id: ChannelId,
    /// From which message.
    pub message_id: MessageId,
    /// The guild; absent in direct messages.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// What.
    pub emoji: Emoji,
    /// A super reaction.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub burst: bool,
}

/// `MESSAGE_REACTION_REMOVE_ALL`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReactionRemoveAll {
    /// Where.
    pub channel_id: ChannelId,
    /// From which message.
    pub message_id: MessageId,
    /// The guild; absent in direct messages.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
}

/// `MESSAGE_REACTION_REMOVE_EMOJI`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReactionRemoveEmoji {
    /// Where.
    pub channel_id: ChannelId,
    /// From which message.
    pub message_id: MessageId,
    /// The guild; absent in direct messages.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// What.
    pub emoji: Emoji,
}
