use std::fmt;

use serde::{Deserialize, Serialize};

/// How much of a session's id may be shown: enough to tell two apart, too little to resume it.
const SHOWN: usize = 6;

/// What it takes to resume: from this process or from another one (Gateway, "Resuming").
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Discord's id of the session. A secret: with the token it lets anybody take it over.
    pub id: String,
    /// The URL at which Discord wants it to be resumed.
    pub resume_url: String,
    /// Sequence number of the last dispatch that was accepted.
    pub seq: u64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &short(&self.id))
            .field("resume_url", &self.resume_url)
            .field("seq", &self.seq)
            .finish()
    }
}

/// The part of a session's id that may be shown.
pub(crate) fn short(id: &str) -> &str {
    id.char_indices()
        .nth(SHOWN)
        .map_or(id, |(end, _)| &id[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_six_characters_of_the_id() {
        let session = Session {
            id: "0123456789abcdef".into(),
            resume_url: "wss://r".into(),
            seq: 7,
        };
        let shown = format!("{session:?}");
        assert!(shown.contains("\"012345\""), "{shown}");
        assert!(!shown.contains("0123456"), "{shown}");
    }

    #[test]
    fn an_id_of_wide_characters_is_cut_between_them() {
        assert_eq!(short("ääääääää"), "ääääää");
        assert_eq!(short("ab"), "ab");
    }
}
