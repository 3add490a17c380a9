use serde::Deserialize;

use super::lenient;

/// An emoji, of Unicode or of a guild (Discord, "Emoji Object").
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Emoji {
    /// Id of a guild's own emoji; `None` = Unicode.
    #[serde(default, deserialize_with = "lenient::opaque_number")]
    pub id: Option<u64>,
    /// The character itself, or the name; `None` where a guild's emoji is gone.
    #[serde(default)]
    pub name: Option<String>,
    /// Moves.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub animated: bool,
}
