use contracts::{GuildId, UserId};
use serde::Deserialize;

use super::lenient;

/// What a user is up to (Discord, "Presence"); also `PRESENCE_UPDATE`, once per shared guild.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Presence {
    /// Who; only the id is sure.
    pub user: PresenceUser,
    /// Where; absent within a guild's own list.
    #[serde(default)]
    pub guild_id: Option<GuildId>,
    /// Status.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub status: Status,
    /// Activities; what can't be read is left out, since Discord does not validate them.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub activities: Vec<Activity>,
    /// Status per kind of client.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub client_status: ClientStatus,
}

/// The user of a presence. Fields other than the id come only when they changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PresenceUser {
    /// Who.
    pub id: UserId,
    /// The unique name.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub username: Option<String>,
    /// The display name.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub global_name: Option<String>,
}

/// Status of a user or of one of the user's clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(from = "String")]
pub enum Status {
    /// There.
    Online,
    /// Away.
    Idle,
    /// Does not want to be disturbed.
    Dnd,
    /// Offline or invisible; also a status that is not known here.
    #[default]
    Offline,
}

impl Status {
    /// Discord's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Idle => "idle",
            Self::Dnd => "dnd",
            Self::Offline => "offline",
        }
    }
}

impl From<String> for Status {
    fn from(name: String) -> Self {
        match name.as_str() {
            "online" => Self::Online,
            "idle" => Self::Idle,
            "dnd" => Self::Dnd,
            _ => Self::Offline,
        }
    }
}

/// Status per kind of client; absent = offline there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ClientStatus {
    /// Desktop.
    #[serde(default)]
    pub desktop: Option<Status>,
    /// Phone.
    #[serde(default)]
    pub mobile: Option<Status>,
    /// Browser, or a bot.
    #[serde(default)]
    pub web: Option<Status>,
}

/// Something a user does (Discord, "Activity Object").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Activity {
    /// Name of the game, song service …; `Custom Status` for a status text.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub name: String,
    /// 0 plays, 1 streams, 2 listens, 3 watches, 4 status text, 5 competes.
    #[serde(rename = "type", default, deserialize_with = "lenient::or_ignore")]
    pub kind: u64,
    /// The status text, or what is played at the moment.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub state: Option<String>,
    /// More of it.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub details: Option<String>,
    /// Stream URL.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub url: Option<String>,
    /// Emoji of a status text.
    #[serde(default, deserialize_with = "lenient::or_ignore")]
    pub emoji: Option<super::Emoji>,
}
