use std::fmt;

use contracts::{ChannelId, GuildId, MessageId, RoleId, UserId};
use serde::Deserialize;

use super::{ChannelType, Emoji, Member, Timestamp, User, lenient, timestamp};

/// A message (Discord, "Message Object"); also `MESSAGE_CREATE` and `MESSAGE_UPDATE`.
///
/// `Debug` leaves the text out.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// Which.
    pub id: MessageId,
    /// Where.
    pub channel_id: ChannelId,
    /// The guild; absent in direct messages.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// Who wrote it; no real user where `webhook_id` is set. An update may leave it out.
    #[serde(default)]
    pub author: Option<User>,
    /// The author's membership, without `user`; absent for webhooks.
    #[serde(default)]
    pub member: Option<Member>,
    /// The text; empty without the message content intent, `None` where an update left it out.
    #[serde(default)]
    pub content: Option<String>,
    /// Written.
    #[serde(default, deserialize_with = "timestamp::maybe")]
    pub timestamp: Option<Timestamp>,
    /// Last edited; an update without a new value here is no edit (link previews).
    #[serde(default, deserialize_with = "timestamp::maybe")]
    pub edited_timestamp: Option<Timestamp>,
    /// Mentions everybody.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub mention_everyone: bool,
    /// Users mentioned.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub mentions: Vec<Mention>,
    /// Roles mentioned.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub mention_roles: Vec<RoleId>,
    /// Files.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub attachments: Vec<Attachment>,
    /// Stickers.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub sticker_items: Vec<Sticker>,
    /// Reactions so far; only in history.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub reactions: Vec<ReactionCount>,
    /// Pinned.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub pinned: bool,
    /// The webhook that posted it.
    #[serde(default, deserialize_with = "lenient::opaque_number")]
    pub webhook_id: Option<u64>,
    /// What its author marked it with, where it was text.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub nonce: Option<String>,
    /// The application that posted it.
    #[serde(default, deserialize_with = "lenient::opaque_number")]
    pub application_id: Option<u64>,
    /// Message type; 0 and 19 (reply) are what people write.
    #[serde(rename = "type", default, deserialize_with = "lenient::or_default")]
    pub kind: u64,
    /// Message flags.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub flags: u64,
    /// What it answers or forwards.
    #[serde(default)]
    pub message_reference: Option<MessageReference>,
    /// Kind of its channel, where told.
    #[serde(default)]
    pub channel_type: Option<ChannelType>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("channel_id", &self.channel_id)
            .field("guild_id", &self.guild_id)
            .field("author", &self.author.as_ref().map(|user| user.id))
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A user that a message mentions, with the membership where Discord tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Mention {
    /// Who.
    #[serde(flatten)]
    pub user: User,
    /// The membership, without `user`.
    #[serde(default)]
    pub member: Option<Member>,
}

/// A file of a message (Discord, "Attachment Object"). Its URL is signed and expires.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Attachment {
    /// Which.
    pub id: MessageId,
    /// File name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub filename: String,
    /// Media type.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Bytes.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub size: u64,
    /// Where it is.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub url: String,
    /// Pixels.
    #[serde(default)]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default)]
    pub height: Option<u32>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A sticker of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sticker {
    /// Which.
    pub id: MessageId,
    /// Name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
}

/// How often one emoji stands under a message (Discord, "Reaction Object").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReactionCount {
    /// The emoji.
    pub emoji: Emoji,
    /// How often.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub count: u64,
}

/// What a message answers or forwards.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MessageReference {
    /// The other message.
    #[serde(default)]
    pub message_id: Option<MessageId>,
    /// Its channel.
    #[serde(default)]
    pub channel_id: Option<ChannelId>,
    /// Its guild.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// 0 = an answer, 1 = forwarded.
    #[serde(rename = "type", default, deserialize_with = "lenient::or_default")]
    pub kind: u64,
}

/// `MESSAGE_DELETE`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MessageDelete {
    /// Which.
    pub id: MessageId,
    /// Where.
    pub channel_id: ChannelId,
    /// The guild; absent in direct messages.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
}

/// `MESSAGE_DELETE_BULK`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MessageDeleteBulk {
    /// Which.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub ids: Vec<MessageId>,
    /// Where.
    pub channel_id: ChannelId,
    /// The guild; absent in direct messages.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
}

impl Message {
    /// Whether this user is mentioned by name.
    pub fn mentions(&self, user: UserId) -> bool {
        self.mentions.iter().any(|mention| mention.user.id == user)
    }
}
