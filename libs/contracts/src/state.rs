//! What is true in a guild now, as it is stored beside the log: the values of its hashes.
//!
//! The same values are the changes that a replica applies to its picture of who may see what ([`AudienceChange`]).

use serde::{Deserialize, Serialize};

use crate::{
    ChannelId, GuildId, RoleId, UserId,
    event::{VoiceFlags, VoiceJoined},
};

/// Facts of a guild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Guild {
    /// The guild.
    pub id: GuildId,
    /// Its name.
    pub name: String,
    /// Discord's hash of its icon.
    pub icon: Option<String>,
    /// Its owner, who may do everything.
    pub owner_id: UserId,
    /// True during an outage of Discord: what is stored may be stale.
    #[serde(default)]
    pub unavailable: bool,
    /// Unix ms since which the log tells of everybody who joins or leaves; `None` = Discord does not tell (no members intent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members_since: Option<u64>,
}

/// A permission overwrite of a channel (Discord, "Overwrite").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwrite {
    /// The role or member.
    pub id: u64,
    /// Whom `id` names.
    pub target: OverwriteTarget,
    /// Bits granted.
    pub allow: u64,
    /// Bits taken.
    pub deny: u64,
}

/// Whom a permission overwrite concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverwriteTarget {
    /// A role.
    Role,
    /// One member.
    Member,
}

/// A channel or thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    /// The channel.
    pub id: ChannelId,
    /// Discord's number of its type.
    pub kind: u8,
    /// Its name; empty if obfuscated.
    pub name: String,
    /// Its category, or the channel of a thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ChannelId>,
    /// Place in the list.
    #[serde(default)]
    pub position: i32,
    /// How many people a room takes; 0 = no limit.
    #[serde(default)]
    pub user_limit: u32,
    /// Its overwrites; meaningless if obfuscated.
    #[serde(default)]
    pub overwrites: Vec<Overwrite>,
    /// Of a private thread: who is in it, as far as known, in ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<UserId>,
    /// Whether the bot itself can't view it, so that nothing is known of it.
    #[serde(default)]
    pub obfuscated: bool,
}

impl Channel {
    /// Whether people can talk in it: a voice (2) or stage (13) channel. Those are the rooms.
    pub const fn is_room(&self) -> bool {
        matches!(self.kind, 2 | 13)
    }

    /// Whether it is a thread (10, 11, 12).
    pub const fn is_thread(&self) -> bool {
        matches!(self.kind, 10..=12)
    }

    /// Whether it is a private thread (12), which its parent's viewers do not see.
    pub const fn is_private_thread(&self) -> bool {
        self.kind == 12
    }
}

/// A role (Discord, "Role").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The role.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// Its permission bits.
    pub permissions: u64,
    /// Place in the hierarchy.
    #[serde(default)]
    pub position: i32,
}

/// A member, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// The user's name.
    pub username: String,
    /// What people see: nickname, else global name, else user name.
    pub display_name: String,
    /// Discord's hash of the avatar.
    #[serde(default)]
    pub avatar: Option<String>,
    /// Address of an image; there is always one.
    pub avatar_url: String,
    /// Whether it is a bot.
    #[serde(default)]
    pub bot: bool,
    /// Roles beside @everyone, in ascending order.
    #[serde(default)]
    pub roles: Vec<RoleId>,
    /// Unix ms until which the member is timed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_out_until: Option<u64>,
    /// Unix ms when the member joined; absent for guests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<u64>,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Voice {
    /// Who.
    pub user_id: UserId,
    /// The room.
    pub channel_id: ChannelId,
    /// The user's name.
    pub username: String,
    /// What people see.
    pub display_name: String,
    /// Discord's hash of the avatar.
    #[serde(default)]
    pub avatar: Option<String>,
    /// Address of an image.
    pub avatar_url: String,
    /// Muted, deafened, streaming …
    #[serde(default)]
    pub flags: VoiceFlags,
}

impl Voice {
    /// The event that tells of it.
    pub fn joined(&self, guild_id: GuildId) -> VoiceJoined {
        VoiceJoined {
            guild_id,
            channel_id: self.channel_id,
            user_id: self.user_id,
            username: self.username.clone(),
            avatar: self.avatar.clone(),
            display_name: self.display_name.clone(),
            avatar_url: self.avatar_url.clone(),
            flags: self.flags,
        }
    }
}

/// Something that is new or changed, with what it was before: whoever reads a log can tell what a browser saw that
/// knows only what came before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed<T> {
    /// What it is from now on.
    pub now: T,
    /// What it was; `None` = there was none.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub was: Option<Box<T>>,
}

impl<T> Changed<T> {
    /// Something that is new.
    pub fn new(now: T) -> Self {
        Self { now, was: None }
    }

    /// Something that may have been something else before.
    pub fn from(was: Option<T>, now: T) -> Self {
        let was = was.map(Box::new);
        Self { now, was }
    }
}

/// A change of who may see what: an entry of the log that replicas apply in order and never send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", content = "value", rename_all = "camelCase")]
pub enum AudienceChange {
    /// Name, icon or owner changed.
    Guild(Changed<Guild>),
    /// A channel or thread is new or changed.
    Channel(Changed<Channel>),
    /// A channel or thread is gone. Its overwrites still decide about what happened in it before.
    ChannelGone(Channel),
    /// A role is new or changed.
    Role(Changed<Role>),
    /// A role is gone.
    RoleGone(Role),
    /// A member's roles or time-out changed, or the member is new.
    Member(Changed<Member>),
    /// A member left.
    MemberGone(UserId),
    /// The bot is no longer in the guild.
    GuildGone,
}
