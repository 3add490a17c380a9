use std::ops::{BitAnd, BitOr, Not};

/// A set of permissions (Discord, "Bitwise Permission Flags").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Permissions(u64);

impl Permissions {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything, bits that are not known yet included.
    pub const ALL: Self = Self(u64::MAX);
    /// Everything in every channel.
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    /// Make, change and remove channels.
    pub const MANAGE_CHANNELS: Self = Self(1 << 4);
    /// Add a reaction that is not there yet.
    pub const ADD_REACTIONS: Self = Self(1 << 6);
    /// Know of a channel and read it.
    pub const VIEW_CHANNEL: Self = Self(1 << 10);
    /// Write.
    pub const SEND_MESSAGES: Self = Self(1 << 11);
    /// What nobody may do who may not write: read aloud, embed links, attach files, mention everybody.
    pub const NEEDS_SENDING: Self = Self(1 << 12 | 1 << 14 | 1 << 15 | 1 << 17);
    /// Read what was written before.
    pub const READ_MESSAGE_HISTORY: Self = Self(1 << 16);
    /// Go into a room.
    pub const CONNECT: Self = Self(1 << 20);
    /// Move others between rooms.
    pub const MOVE_MEMBERS: Self = Self(1 << 24);
    /// Manage webhooks.
    pub const MANAGE_WEBHOOKS: Self = Self(1 << 29);
    /// Manage threads, see the private ones.
    pub const MANAGE_THREADS: Self = Self(1 << 34);
    /// Write in threads.
    pub const SEND_MESSAGES_IN_THREADS: Self = Self(1 << 38);

    /// What a member who is timed out keeps.
    pub const TIMED_OUT: Self = Self(Self::VIEW_CHANNEL.0 | Self::READ_MESSAGE_HISTORY.0);

    /// The set with these bits.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of these are in it.
    pub const fn contains(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    /// Whether any of these is in it.
    pub const fn meets(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this one alone.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Permissions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitAnd for Permissions {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Permissions {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}
