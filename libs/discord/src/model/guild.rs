use contracts::{GuildId, UserId};
use serde::Deserialize;

use super::{Channel, Member, Presence, Role, Timestamp, VoiceState, lenient, timestamp};

/// A guild with all that `GUILD_CREATE` tells (Discord, "Guild Object" and "Guild Create").
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Guild {
    /// Which.
    pub id: GuildId,
    /// Name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// Hash of the icon.
    #[serde(default)]
    pub icon: Option<String>,
    /// Its owner, who may do everything.
    #[serde(default)]
    pub owner_id: Option<UserId>,
    /// All roles.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub roles: Vec<Role>,
    /// When the bot joined.
    #[serde(default, deserialize_with = "timestamp::maybe")]
    pub joined_at: Option<Timestamp>,
    /// Has more members than the large threshold: `members` may be cut to those online.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub large: bool,
    /// How many members there are.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub member_count: u64,
    /// Everybody in voice. They carry no guild id and normally no member.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub voice_states: Vec<VoiceState>,
    /// Members; without the presence intent only the bot and those in voice.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub members: Vec<Member>,
    /// All channels. They may lack the guild id, and those hidden from the bot are obfuscated.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub channels: Vec<Channel>,
    /// Active threads that the bot may view.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub threads: Vec<Channel>,
    /// Presences of those in `members` who are not offline.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub presences: Vec<Presence>,
    /// In an outage: nothing of the above is told.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub unavailable: bool,
}

/// `GUILD_CREATE`: after READY, after an outage, and when the bot joins.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Guild")]
pub enum GuildCreate {
    /// The whole guild.
    Available(Box<Guild>),
    /// The guild is in an outage: what is known of it stays as it is.
    Unavailable {
        /// Which.
        id: GuildId,
    },
}

impl GuildCreate {
    /// Which guild.
    pub fn id(&self) -> GuildId {
        match self {
            Self::Available(guild) => guild.id,
            Self::Unavailable { id } => *id,
        }
    }
}

impl From<Guild> for GuildCreate {
    fn from(guild: Guild) -> Self {
        if guild.unavailable {
            Self::Unavailable { id: guild.id }
        } else {
            Self::Available(Box::new(guild))
        }
    }
}

/// `GUILD_UPDATE`: the guild without its channels, members and voice states.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GuildUpdate {
    /// Which.
    pub id: GuildId,
    /// Name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// Hash of the icon.
    #[serde(default)]
    pub icon: Option<String>,
    /// Its owner.
    #[serde(default)]
    pub owner_id: Option<UserId>,
    /// All roles; `None` where Discord left the list out.
    #[serde(default)]
    pub roles: Option<Vec<Role>>,
}

/// `GUILD_DELETE`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GuildDelete {
    /// Which.
    pub id: GuildId,
    /// True = an outage: keep what is known. False = the bot was removed.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub unavailable: bool,
}

/// A guild of the bot, as the bot's own list has it (User, "Get Current User Guilds").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CurrentGuild {
    /// Which.
    pub id: GuildId,
    /// Name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// What the bot may do in it by its roles, channels' overwrites aside (Discord, "Permissions").
    #[serde(default, deserialize_with = "lenient::bits")]
    pub permissions: u64,
}

/// A guild of READY, of which `GUILD_CREATE` tells later.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UnavailableGuild {
    /// Which.
    pub id: GuildId,
}
