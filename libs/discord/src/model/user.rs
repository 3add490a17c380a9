use contracts::UserId;
use serde::Deserialize;

use super::lenient;

/// A user (Discord, "User Object").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The unique name; empty where Discord sent only the id.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub username: String,
    /// Four digits, or `0` (also empty) for a user of the new name system.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub discriminator: String,
    /// The display name, where the user chose one.
    #[serde(default)]
    pub global_name: Option<String>,
    /// Hash of the avatar.
    #[serde(default)]
    pub avatar: Option<String>,
    /// Belongs to an application.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub bot: bool,
    /// Speaks for Discord itself.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub system: bool,
}
