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

    fn channel(&self, channel: ChannelId) -> Option<&Channel> {
        self.channel_or_gone(channel)
    }
}

impl Picture {
    /// The role of @everyone.
    pub(crate) fn everyone(&self) -> RoleId {
        self.guild.everyone()
    }

    /// A channel or thread that there is now.
    pub(crate) fn standing_channel(&self, channel: ChannelId) -> Option<&Channel> {
        self.channels.get(&channel)
    }

    /// A channel or thread; one that is gone decides as it was.
    pub(crate) fn channel_or_gone(&self, channel: ChannelId) -> Option<&Channel> {
        let gone = || self.buried.iter().find(|gone| gone.id == channel);
        self.channels.get(&channel).or_else(gone)
    }

    /// All channels and threads, those included that are gone.
    pub(crate) fn all_channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values().chain(&self.buried)
    }
}
