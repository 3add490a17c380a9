//! What users may do where, for those who act rather than listen.

use contracts::{ChannelId, GuildId, UserId};
use permissions::{Ground, Permissions, Subject};

use super::{Away, Hub, line::Line};
use crate::membership::Standing;

impl Hub {
    /// The guild among a user's in which a channel or thread is, if the user may view it. What is hidden is not there.
    pub(crate) async fn locate(
        &self,
        user: UserId,
        standings: &[Standing],
        channel: ChannelId,
    ) -> Result<Option<GuildId>, Away> {
        let found = self.permissions(user, standings, channel).await?;
        Ok(found.map(|(guild, _)| guild))
    }

    /// The same, with all that the user may do there.
    pub(crate) async fn permissions(
        &self,
        user: UserId,
        standings: &[Standing],
        channel: ChannelId,
    ) -> Result<Option<(GuildId, Permissions)>, Away> {
        let guilds: Vec<_> = standings.iter().map(|standing| standing.guild).collect();
        self.open(&guilds).await?;
        let mut line = self.inner.line.lock();
        let found = standings.iter().find_map(|standing| {
            let permissions = within(&mut line, user, standing, channel)?;
            Some((standing.guild, permissions))
        });
        Ok(found.filter(|(_, permissions)| permissions.contains(Permissions::VIEW_CHANNEL)))
    }
}

/// What a user may do in a channel; `None` if it is not of this guild.
fn within(
    line: &mut Line,
    user: UserId,
    standing: &Standing,
    channel: ChannelId,
) -> Option<Permissions> {
    let now = line.complete.ms;
    let picture = &line.open(standing.guild)?.picture;
    let channel = picture.standing_channel(channel)?;
    let subject = Subject {
        user,
        roles: &standing.roles,
        timed_out: standing.timed_out_until.is_some_and(|until| until > now),
    };
    Some(picture.in_channel(channel, &subject))
}
