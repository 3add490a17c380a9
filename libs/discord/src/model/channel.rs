use contracts::{ChannelId, GuildId, RoleId, UserId};
use serde::Deserialize;

use super::{ThreadMember, ThreadMetadata, lenient};

/// Flag of a channel that the bot may not view: only `id`, `kind`, `position` and `parent_id` are
/// true (Discord, "Channel Flags").
const OBFUSCATED: u64 = 1 << 17;

/// A channel or thread (Discord, "Channel Object").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Channel {
    /// Which.
    pub id: ChannelId,
    /// What kind.
    #[serde(rename = "type", default, deserialize_with = "lenient::or_default")]
    pub kind: ChannelType,
    /// Where; absent within a guild's own list and in direct messages.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// Place in the list.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub position: i64,
    /// Who is allowed or denied what, beyond the roles.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub permission_overwrites: Vec<PermissionOverwrite>,
    /// Name; a placeholder when [`Channel::obfuscated`].
    #[serde(default)]
    pub name: Option<String>,
    /// Topic.
    #[serde(default)]
    pub topic: Option<String>,
    /// Only for adults.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub nsfw: bool,
    /// Bits per second of a voice channel.
    #[serde(default)]
    pub bitrate: Option<u64>,
    /// How many may join a voice channel; 0 = any number.
    #[serde(default)]
    pub user_limit: Option<u32>,
    /// Slow mode, in seconds.
    #[serde(default)]
    pub rate_limit_per_user: Option<u32>,
    /// Category, or a thread's channel.
    #[serde(default)]
    pub parent_id: Option<ChannelId>,
    /// Voice region; null = automatic.
    #[serde(default)]
    pub rtc_region: Option<String>,
    /// Channel flags.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub flags: u64,
    /// Who started a thread.
    #[serde(default)]
    pub owner_id: Option<UserId>,
    /// What only threads have.
    #[serde(default)]
    pub thread_metadata: Option<ThreadMetadata>,
    /// The bot's own membership in a thread that it has joined.
    #[serde(default)]
    pub member: Option<ThreadMember>,
    /// In `THREAD_CREATE`: the thread was made just now, rather than the bot let into one there is.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub newly_created: bool,
}

impl Channel {
    /// Hidden from the bot: names and overwrites are placeholders, nothing may be computed from
    /// them.
    pub const fn obfuscated(&self) -> bool {
        self.flags & OBFUSCATED != 0
    }
}

/// Kind of a channel (Discord, "Channel Types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(from = "u64")]
pub enum ChannelType {
    /// 0: text of a guild.
    #[default]
    Text,
    /// 1: direct message.
    Dm,
    /// 2: voice.
    Voice,
    /// 3: direct message of several users.
    GroupDm,
    /// 4: category.
    Category,
    /// 5: announcements.
    Announcement,
    /// 10: thread of announcements.
    AnnouncementThread,
    /// 11: public thread.
    PublicThread,
    /// 12: private thread.
    PrivateThread,
    /// 13: stage.
    Stage,
    /// 14: directory.
    Directory,
    /// 15: forum.
    Forum,
    /// 16: media.
    Media,
    /// One that is not known here.
    Other(u64),
}

impl ChannelType {
    /// People meet there by voice.
    pub const fn is_room(self) -> bool {
        matches!(self, Self::Voice | Self::Stage)
    }

    /// A thread, of any kind.
    pub const fn is_thread(self) -> bool {
        matches!(
            self,
            Self::AnnouncementThread | Self::PublicThread | Self::PrivateThread
        )
    }
}

impl From<u64> for ChannelType {
    fn from(number: u64) -> Self {
        match number {
            0 => Self::Text,
            1 => Self::Dm,
            2 => Self::Voice,
            3 => Self::GroupDm,
            4 => Self::Category,
            5 => Self::Announcement,
            10 => Self::AnnouncementThread,
            11 => Self::PublicThread,
            12 => Self::PrivateThread,
            13 => Self::Stage,
            14 => Self::Directory,
            15 => Self::Forum,
            16 => Self::Media,
            other => Self::Other(other),
        }
    }
}

/// What a channel allows or denies one role or member (Discord, "Overwrite Object").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "RawOverwrite")]
pub struct PermissionOverwrite {
    /// Whom it is about.
    pub target: OverwriteTarget,
    /// Permission bits that are granted.
    pub allow: u64,
    /// Permission bits that are taken away.
    pub deny: u64,
}

/// Whom an overwrite is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverwriteTarget {
    /// Type 0.
    Role(RoleId),
    /// Type 1.
    Member(UserId),
    /// A type that is not known here, with its id.
    Other(u64),
}

#[derive(Deserialize)]
struct RawOverwrite {
    id: RoleId,
    #[serde(rename = "type", default, deserialize_with = "lenient::opaque_number")]
    kind: Option<u64>,
    #[serde(default, deserialize_with = "lenient::bits")]
    allow: u64,
    #[serde(default, deserialize_with = "lenient::bits")]
    deny: u64,
}

impl From<RawOverwrite> for PermissionOverwrite {
    fn from(raw: RawOverwrite) -> Self {
        let target = match raw.kind {
            Some(0) => OverwriteTarget::Role(raw.id),
            Some(1) => OverwriteTarget::Member(UserId::new(raw.id.get())),
            _ => OverwriteTarget::Other(raw.id.get()),
        };
        Self {
            target,
            allow: raw.allow,
            deny: raw.deny,
        }
    }
}
