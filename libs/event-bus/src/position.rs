use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where in Discord's stream a guild's state stands. Ordered; compared with the stored one by `publish`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Drawn at each IDENTIFY, kept over RESUME.
    pub generation: u64,
    /// `s` of the dispatch (Discord, "Gateway event payload structure").
    pub seq: u64,
    /// Numbers the changes that one dispatch makes to a guild.
    pub part: u32,
}

/// Text that is not a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a position (<generation>:<seq>:<part>)")]
pub struct InvalidPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.generation, self.seq, self.part)
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or(InvalidPosition);
        let position = Self {
            generation: next()?.parse().map_err(|_| InvalidPosition)?,
            seq: next()?.parse().map_err(|_| InvalidPosition)?,
            part: next()?.parse().map_err(|_| InvalidPosition)?,
        };
        if parts.next().is_some() {
            Err(InvalidPosition)
        } else {
            Ok(position)
        }
    }
}
