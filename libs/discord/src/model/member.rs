use contracts::{GuildId, RoleId, UserId};
use serde::Deserialize;

use super::{Presence, Timestamp, User, lenient, timestamp};

/// A user's membership in a guild (Discord, "Guild Member Object").
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Member {
    /// The user; absent within messages, where the author stands beside it.
    #[serde(default)]
    pub user: Option<User>,
    /// The name in this guild.
    #[serde(default)]
    pub nick: Option<String>,
    /// Hash of the avatar in this guild.
    #[serde(default)]
    pub avatar: Option<String>,
    /// The roles, without @everyone.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub roles: Vec<RoleId>,
    /// Joined the guild; null for guests.
    #[serde(default, deserialize_with = "timestamp::maybe")]
    pub joined_at: Option<Timestamp>,
    /// Has not yet passed the guild's screening.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub pending: bool,
    /// Timed out until then.
    #[serde(default, deserialize_with = "timestamp::maybe")]
    pub communication_disabled_until: Option<Timestamp>,
    /// Member flags.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub flags: u64,
}

impl Member {
    /// The name to show in this guild: nick, else global name, else username.
    pub fn display_name<'a>(&'a self, user: &'a User) -> &'a str {
        let chosen = self.nick.as_deref().or(user.global_name.as_deref());
        chosen.unwrap_or(&user.username)
    }
}

/// `GUILD_MEMBER_ADD`; may repeat for a member that is known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MemberAdd {
    /// Where.
    pub guild_id: GuildId,
    /// Who, with `user` set.
    #[serde(flatten)]
    pub member: Member,
}

/// `GUILD_MEMBER_UPDATE`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MemberUpdate {
    /// Where.
    pub guild_id: GuildId,
    /// Who, with `user` set, as the member is now.
    #[serde(flatten)]
    pub member: Member,
}

/// `GUILD_MEMBER_REMOVE`: left, was kicked or banned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MemberRemove {
    /// Where.
    pub guild_id: GuildId,
    /// Who.
    pub user: User,
}

/// `GUILD_MEMBERS_CHUNK`: an answer to a request for members.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MemberChunk {
    /// Where.
    pub guild_id: GuildId,
    /// At most 1,000 members.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub members: Vec<Member>,
    /// Which chunk this is, from 0.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub chunk_index: u32,
    /// How many chunks the answer has.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub chunk_count: u32,
    /// Users asked for by id that are no members.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub not_found: Vec<UserId>,
    /// Their presences, where asked for.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub presences: Vec<Presence>,
    /// What the request was marked with.
    #[serde(default)]
    pub nonce: Option<String>,
}
