use contracts::{ChannelId, GuildId, RoleId, UserId, state::Channel};
use permissions::Ground;

use super::Picture;

impl Ground for Picture {
    fn guild(&self) -> GuildId {
        self.guild
    }

    fn owner(&self) -> Option<UserId> {
        self.facts.as_ref().map(|facts| facts.owner_id)
    }

    fn role(&self, role: RoleId) -> Option<u64> {
        self.roles.get(&role).copied()
    }

    /// Channels that are gone decide as they were.
    fn channel(&self, channel: ChannelId) -> Option<&Channel> {
        let gone = || self.buried.iter().find(|gone| gone.id == channel);
        self.channels.get(&channel).or_else(gone)
    }
}

impl Picture {
    /// A channel or thread that there is now.
    pub(crate) fn standing_channel(&self, channel: ChannelId) -> Option<&Channel> {
        self.channels.get(&channel)
    }
}
