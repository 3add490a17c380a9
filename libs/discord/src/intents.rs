use std::{fmt, ops::BitOr};

/// Which events Discord shall send (Gateway, "List of Intents").
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Intents(u64);

impl Intents {
    /// Guilds, roles, channels, threads.
    pub const GUILDS: Self = Self(1);
    /// Members coming, changing, going. Privileged.
    pub const GUILD_MEMBERS: Self = Self(1 << 1);
    /// Who is in voice.
    pub const GUILD_VOICE_STATES: Self = Self(1 << 7);
    /// Presences. Privileged.
    pub const GUILD_PRESENCES: Self = Self(1 << 8);
    /// Messages in guilds.
    pub const GUILD_MESSAGES: Self = Self(1 << 9);
    /// Reactions in guilds.
    pub const GUILD_MESSAGE_REACTIONS: Self = Self(1 << 10);
    /// Typing in guilds.
    pub const GUILD_MESSAGE_TYPING: Self = Self(1 << 11);
    /// The text of messages. Privileged; sends no events of its own.
    pub const MESSAGE_CONTENT: Self = Self(1 << 15);

    /// All that Fanfare uses and that needs no privilege (3713).
    pub const UNPRIVILEGED: Self = Self(
        Self::GUILDS.0
            | Self::GUILD_VOICE_STATES.0
            | Self::GUILD_MESSAGES.0
            | Self::GUILD_MESSAGE_REACTIONS.0
            | Self::GUILD_MESSAGE_TYPING.0,
    );
    /// Those that must be switched on in the developer portal.
    pub const PRIVILEGED: Self =
        Self(Self::GUILD_MEMBERS.0 | Self::GUILD_PRESENCES.0 | Self::MESSAGE_CONTENT.0);

    /// These bits; Discord refuses bits that it does not know.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of the other's are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Intents {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Intents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Intents({})", self.0)
    }
}

impl fmt::Display for Intents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_sums_hold() {
        assert_eq!(Intents::UNPRIVILEGED.bits(), 3713);
        assert_eq!((Intents::UNPRIVILEGED | Intents::PRIVILEGED).bits(), 36739);
    }

    #[test]
    fn containing_means_all_of_them() {
        assert!(Intents::UNPRIVILEGED.contains(Intents::GUILDS));
        assert!(!Intents::UNPRIVILEGED.contains(Intents::GUILDS | Intents::MESSAGE_CONTENT));
    }
}
