use contracts::{ChannelId, UserId};

/// A message that is about to be posted in somebody's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Names it; the same again is the same posting.
    pub id: String,
    /// The channel or thread.
    pub channel: ChannelId,
    /// In whose name.
    pub user: UserId,
    /// By what it will be known when Discord tells of it: something that others may have in common.
    pub mark: String,
}

/// In whose name a message was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behalf {
    /// Nobody's, as far as is known.
    Nobody,
    /// This user's.
    Of(UserId),
    /// One of several whose messages look the same and are under way: ask again in a moment.
    Unclear,
}
