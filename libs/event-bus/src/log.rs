use contracts::{
    EventId, GuildId,
    state::{Channel, Guild, Member, Role, Voice},
};

use serde::{Deserialize, Serialize};

use crate::{Entry, Position};

/// The most entries that one page holds.
pub const PAGE_LIMIT: usize = 5_000;

/// The most removed channels of a guild that are remembered; the oldest are forgotten first.
pub const GONE_LIMIT: usize = 512;

/// A part of a guild's log.
#[derive(Debug, Clone)]
pub struct LogPage {
    /// The entries, the oldest first.
    pub entries: Vec<Entry>,
    /// The highest id that the log no longer holds, or the id of the last reseed. With `after` below it, entries are
    /// missing before the first. `None` = the guild is not stored.
    pub floor: Option<EventId>,
    /// Whether there may be more after the last entry and up to `upto`.
    pub more: bool,
}

/// The state of some guilds as of one id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cut {
    /// Everything up to this id is in the states, nothing after it.
    pub id: EventId,
    /// The guilds that are stored.
    pub guilds: Vec<GuildCut>,
}

/// A guild within a [`Cut`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GuildCut {
    /// The id of its last entry; [`EventId::ZERO`] if there is none.
    pub last: EventId,
    /// The highest id that its log no longer holds, or the id of its last reseed.
    pub floor: EventId,
    /// Its position in Discord's stream.
    pub position: Position,
    /// What is true in it.
    pub state: StoredGuild,
    /// Channels and threads that were removed within the retention, as they were then, the oldest first; [`GONE_LIMIT`] at
    /// most. They decide who may see what the log tells of them.
    pub gone: Vec<Channel>,
}

/// What is stored of a guild.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredGuild {
    /// Its facts.
    pub guild: Guild,
    /// Its channels and threads, in no particular order.
    pub channels: Vec<Channel>,
    /// Its roles.
    pub roles: Vec<Role>,
    /// Who is in which room.
    pub voice: Vec<Voice>,
    /// Its members, as far as known.
    pub members: Vec<Member>,
}

impl StoredGuild {
    /// Its id.
    pub fn id(&self) -> GuildId {
        self.guild.id
    }
}
