//! What a sequence is made of.

use std::str::FromStr;

/// A kind of acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Someone joins, moves or leaves.
    Voice,
    /// Someone mutes itself or not.
    Mute,
    /// A message `#<number>`.
    Messages,
    /// The newest message is edited or deleted.
    Edits,
    /// A reaction comes or goes.
    Reactions,
    /// A room of the sequence is created, renamed or deleted.
    Rooms,
    /// A room of the sequence is hidden from @everyone or shown again.
    Permissions,
    /// A role of the sequence comes, becomes an administrators' one or an ordinary one, or goes.
    Roles,
    /// A role or somebody is let into a channel of the sequence or shut out of it.
    Overwrites,
    /// Somebody gets or loses a role of the sequence, is timed out, or owns the guild.
    Members,
    /// An outcast is kicked or comes back.
    Kicks,
    /// Private threads, their members, and what is said in them.
    Threads,
}

impl Kind {
    /// Every kind with its name and how often it comes.
    pub(crate) const ALL: [(Self, &'static str, u32); 12] = [
        (Self::Voice, "voice", 40),
        (Self::Mute, "mute", 5),
        (Self::Messages, "messages", 30),
        (Self::Edits, "edits", 5),
        (Self::Reactions, "reactions", 10),
        (Self::Rooms, "rooms", 6),
        (Self::Permissions, "permissions", 4),
        (Self::Roles, "roles", 3),
        (Self::Overwrites, "overwrites", 6),
        (Self::Members, "members", 5),
        (Self::Kicks, "kicks", 1),
        (Self::Threads, "threads", 5),
    ];

    /// Those that make no difference between people, which are played if nothing is said.
    pub(crate) const USUAL: [Self; 7] = [
        Self::Voice,
        Self::Mute,
        Self::Messages,
        Self::Edits,
        Self::Reactions,
        Self::Rooms,
        Self::Permissions,
    ];

    /// How often it comes beside the others.
    pub(super) fn weight(self) -> u32 {
        Self::ALL
            .iter()
            .find(|(kind, ..)| *kind == self)
            .map_or(1, |(.., weight)| *weight)
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .find(|(_, name, _)| *name == text)
            .map(|(kind, ..)| *kind)
            .ok_or_else(|| {
                let names = Self::ALL.map(|(_, name, _)| name).join(", ");
                format!("there is no kind `{text}`; there are {names}")
            })
    }
}
