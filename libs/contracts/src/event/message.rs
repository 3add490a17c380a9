use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{ChannelId, GuildId, MessageId, UserId};

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// The user, or the webhook's id.
    pub user_id: UserId,
    /// The user's name.
    pub username: String,
    /// What people see.
    pub display_name: String,
    /// Discord's hash of the avatar.
    pub avatar: Option<String>,
    /// Address of an image; there is always one.
    pub avatar_url: String,
    /// Whether a bot or webhook wrote it.
    #[serde(default)]
    pub bot: bool,
    /// The web user in whose name Fanfare posted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_behalf_of: Option<UserId>,
}

/// A file with a message. The address is signed by Discord and expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// Its name.
    pub filename: String,
    /// Its media type, where Discord knows it.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Bytes.
    #[ts(type = "number")]
    pub size: u64,
    /// Where to get it.
    pub url: String,
}

/// `message.created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageCreated {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The message.
    pub message_id: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// The text; null where Discord does not give it to this bot (no message content intent) or where it was deleted.
    pub content: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Unix ms.
    #[ts(type = "number")]
    pub created_at: u64,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reply_to: Option<MessageId>,
}

/// `message.updated`: the text or the files changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageUpdated {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The message.
    pub message_id: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// The text, or null as in `message.created`.
    pub content: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Unix ms of the first version.
    #[ts(type = "number")]
    pub created_at: u64,
    /// Unix ms of this version; null when Discord only added a preview.
    #[ts(type = "number | null")]
    pub edited_at: Option<u64>,
}

/// `message.deleted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageDeleted {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The message.
    pub message_id: MessageId,
}

/// What people react with: `id` for a guild's own emoji, else the character in `name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Emoji {
    /// Id of a guild's own emoji.
    pub id: Option<String>,
    /// The character, or the name of a guild's own emoji.
    pub name: Option<String>,
    /// Whether it moves.
    #[serde(default)]
    pub animated: bool,
}

/// `reaction.added`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactionAdded {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The message.
    pub message_id: MessageId,
    /// Who.
    pub user_id: UserId,
    /// With what.
    pub emoji: Emoji,
}

/// `reaction.removed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactionRemoved {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The message.
    pub message_id: MessageId,
    /// Who.
    pub user_id: UserId,
    /// With what.
    pub emoji: Emoji,
}

/// `reaction.cleared`: all reactions, or all with one emoji.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactionCleared {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The message.
    pub message_id: MessageId,
    /// Only this one; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub emoji: Option<Emoji>,
}

/// `typing.started`: holds for about 10 s; there is no event for the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypingStarted {
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// Who.
    pub user_id: UserId,
    /// Unix ms.
    #[ts(type = "number")]
    pub ts: u64,
}
