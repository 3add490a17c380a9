use contracts::{ChannelId, GuildId, UserId};
use serde::Deserialize;

use super::{Channel, ChannelType, lenient};

/// What only threads have (Discord, "Thread Metadata Object").
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ThreadMetadata {
    /// Put away.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub archived: bool,
    /// Only those who manage threads can take it out of the archive.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub locked: bool,
    /// Members of a private thread may add others.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub invitable: bool,
}

/// Somebody in a thread (Discord, "Thread Member Object").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ThreadMember {
    /// The thread; absent within a guild's own list.
    #[serde(default)]
    pub id: Option<ChannelId>,
    /// Who; absent within a guild's own list, where it is the bot.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Thread flags of this user.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub flags: u64,
}

/// `THREAD_DELETE`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ThreadDelete {
    /// The thread.
    pub id: ChannelId,
    /// Where.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// Its channel.
    #[serde(default)]
    pub parent_id: Option<ChannelId>,
    /// Its kind.
    #[serde(rename = "type", default, deserialize_with = "lenient::or_default")]
    pub kind: ChannelType,
}

/// `THREAD_LIST_SYNC`: the active threads of channels that the bot gained.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ThreadListSync {
    /// Where.
    pub guild_id: GuildId,
    /// The channels it is about; `None` = the whole guild. May name channels without threads.
    #[serde(default)]
    pub channel_ids: Option<Vec<ChannelId>>,
    /// Their active threads.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub threads: Vec<Channel>,
    /// The bot's own memberships in them.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub members: Vec<ThreadMember>,
}

/// `THREAD_MEMBER_UPDATE`: the bot's own membership.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ThreadMemberUpdate {
    /// Where.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// The membership.
    #[serde(flatten)]
    pub member: ThreadMember,
}

/// `THREAD_MEMBERS_UPDATE`: who came into or went out of a thread. Without the member intent only
/// the bot itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ThreadMembersUpdate {
    /// The thread.
    pub id: ChannelId,
    /// Where.
    pub guild_id: GuildId,
    /// Who came.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub added_members: Vec<ThreadMember>,
    /// Who went.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub removed_member_ids: Vec<UserId>,
}
