use contracts::{ChannelId, GuildId, UserId};

/// A room that Fanfare has just made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRoom {
    /// Where.
    pub guild: GuildId,
    /// The channel.
    pub channel: ChannelId,
    /// For whom.
    pub owner: UserId,
}

/// A room that Fanfare made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Where.
    pub guild: GuildId,
    /// The channel.
    pub channel: ChannelId,
    /// For whom.
    pub owner: UserId,
    /// Unix ms when it was entered.
    pub made_at: u64,
    /// Unix ms since when nobody has been in it.
    pub empty_since: Option<u64>,
}
