use std::sync::Arc;

use contracts::{GuildId, RoleId};

/// What a user is in a guild, as Discord said when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) guild: GuildId,
    /// Roles beside @everyone, in ascending order.
    pub(crate) roles: Arc<[RoleId]>,
    /// Unix ms when the user joined; `None` if Discord does not say (guests).
    pub(crate) joined_at: Option<u64>,
    /// Unix ms until which the user is timed out.
    pub(crate) timed_out_until: Option<u64>,
    /// Unix ms when Discord was asked: what the log tells of the member after it is newer.
    pub(crate) asked_at: u64,
}
