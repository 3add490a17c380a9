use std::fmt;

use serde::Deserialize;

use super::{UnavailableGuild, User, lenient};
use crate::session;

/// `READY`: a new session began (Discord, "Ready").
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Ready {
    /// The bot.
    pub user: User,
    /// Its guilds on this shard.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub guilds: Vec<UnavailableGuild>,
    /// Id of the session.
    pub session_id: String,
    /// Where the session is resumed; the Gateway's own URL where Discord leaves it out.
    #[serde(default)]
    pub resume_gateway_url: Option<String>,
    /// The bot's application.
    #[serde(default)]
    pub application: Option<Application>,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("user", &self.user.id)
            .field("guilds", &self.guilds.len())
            .field("session_id", &session::short(&self.session_id))
            .finish_non_exhaustive()
    }
}

/// An application (Discord, "Application Object").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Application {
    /// Its id; also the bot's user id, but for the oldest bots.
    pub id: contracts::UserId,
    /// Its name; absent in READY.
    #[serde(default)]
    pub name: Option<String>,
    /// Flags, which tell the privileged intents that are switched on.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub flags: u64,
}
