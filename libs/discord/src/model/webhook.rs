use std::fmt;

use contracts::{ChannelId, UserId};
use environment::Secret;
use serde::{Deserialize, Deserializer};

use super::lenient;

/// A webhook of a channel (Discord, "Webhook Object"). `Debug` leaves the token out.
#[derive(Clone, Deserialize)]
pub struct Webhook {
    /// Which: the author of what it posts.
    pub id: UserId,
    /// Where it posts.
    #[serde(default)]
    pub channel_id: Option<ChannelId>,
    /// The application that made it.
    #[serde(default, deserialize_with = "lenient::opaque_number")]
    pub application_id: Option<u64>,
    /// Whoever has it may post; told only to who made it.
    #[serde(default, deserialize_with = "secret")]
    pub token: Option<Secret>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let token: Option<String> = Option::deserialize(deserializer)?;
    Ok(token.map(Secret::from))
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("channel_id", &self.channel_id)
            .finish_non_exhaustive()
    }
}
