use contracts::{GuildId, RoleId};
use serde::Deserialize;

use super::lenient;

/// A role (Discord, "Role Object"). The role of @everyone has the guild's id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Role {
    /// Which.
    pub id: RoleId,
    /// Name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// Permission bits (Discord, "Permissions").
    #[serde(default, deserialize_with = "lenient::bits")]
    pub permissions: u64,
    /// Place in the hierarchy.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub position: i64,
    /// RGB colour; 0 = none.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub color: u32,
    /// Belongs to an application or integration.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub managed: bool,
}

/// `GUILD_ROLE_CREATE`, `GUILD_ROLE_UPDATE`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RoleUpdate {
    /// Where.
    pub guild_id: GuildId,
    /// The role as it is now.
    pub role: Role,
}

/// `GUILD_ROLE_DELETE`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RoleDelete {
    /// Where.
    pub guild_id: GuildId,
    /// Which.
    pub role_id: RoleId,
}
