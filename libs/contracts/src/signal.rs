//! What replicas tell each other beside events.

use serde::{Deserialize, Serialize};

use crate::{GuildId, UserId};

/// A word to all replicas. It may be lost; whoever acts on it finds out by itself too, later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "signal",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Signal {
    /// A session is over: its streams end.
    SessionEnded {
        /// The session's tag: derived from its id, which it does not tell.
        session: String,
    },
    /// All sessions of a user are over.
    UserSignedOut {
        /// Who.
        user_id: UserId,
    },
    /// Discord says that a user is no member of a guild any more.
    MembershipLost {
        /// Who.
        user_id: UserId,
        /// Of which guild.
        guild_id: GuildId,
    },
}
