//! What users may see and do where, for those who ask rather than listen.

use contracts::{ChannelId, EventId, GuildId, UserId, event::PastEvent, snapshot::GuildRooms};
use event_bus::{Body, Entry};
use permissions::{Ground, Permissions, Subject};

use super::{
    Away, Hub, Mask,
    audience::{Facts, Sight},
    line::Line,
    words::may_be_late,
};
use crate::membership::Standing;

impl Hub {
    /// The guild among these, which the user and the bot share, in which a channel or thread is, if the user may view it. What is
    /// hidden is not there.
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
        self.open_for(user, standings).await?;
        let mut line = self.inner.line.lock();
        let found = standings.iter().find_map(|standing| {
            let permissions = within(&mut line, user, standing, channel)?;
            Some((standing.guild, permissions))
        });
        Ok(found.filter(|(_, permissions)| permissions.contains(Permissions::VIEW_CHANNEL)))
    }

    /// The rooms of a guild as a user may see them; `None` if it is not stored or the user is no member any more.
    pub(crate) async fn rooms(
        &self,
        user: UserId,
        standing: &Standing,
    ) -> Result<Option<GuildRooms>, Away> {
        self.open_for(user, std::slice::from_ref(standing)).await?;
        let mut line = self.inner.line.lock();
        let now = line.now();
        let followed = line.open(standing.guild).ok_or(Away)?;
        let (key, facts) = followed.key_of(user, Facts::said(standing), now);
        let picture = &followed.picture;
        Ok((picture.is_known() && facts.member)
            .then(|| picture.rooms(&self.inner.cdn, |room| key.judge(picture, room).view)))
    }

    /// Those of a log's entries that a user may see now: of what happened before the user came, none.
    pub(crate) async fn judge(
        &self,
        user: UserId,
        standing: &Standing,
        entries: Vec<Entry>,
    ) -> Result<Vec<PastEvent>, Away> {
        let guild = standing.guild;
        self.open_for(user, std::slice::from_ref(standing)).await?;
        let said = || Facts::said(standing);
        let joined = {
            let mut line = self.inner.line.lock();
            let now = line.now();
            let followed = line.open(guild).ok_or(Away)?;
            followed.key_of(user, said(), now).1.from()
        };
        let oldest = entries.first().map_or(EventId::MAX, |entry| entry.id);
        let before = if may_be_late(joined, oldest) {
            self.joining(guild, user, joined).await?
        } else {
            None
        };
        let before = before.map_or(EventId::ZERO, |(_, before)| before);
        let mut line = self.inner.line.lock();
        let now = line.now();
        let followed = line.open(guild).ok_or(Away)?;
        let (key, facts) = followed.key_of(user, said(), now);
        if facts.from() != joined {
            // Somebody who left, or came back, just now: how far back may be told is not known at this moment.
            return Err(Away);
        }
        let picture = &followed.picture;
        let visible = entries.into_iter().filter_map(|entry| {
            let Body::Event(envelope) = entry.body else {
                return None;
            };
            let sight = match envelope.channel_id {
                None => Sight {
                    view: facts.member,
                    text: facts.member,
                },
                Some(channel) => key.judge(picture, picture.channel_or_gone(channel)?),
            };
            let text = Mask::TEXT.meets(Mask::of(envelope.event));
            let seen = if text { sight.text } else { sight.view };
            (seen && entry.id.ms >= joined && entry.id > before).then_some(PastEvent {
                id: envelope.id,
                event: envelope.event,
                ts: envelope.ts,
                payload: envelope.payload,
            })
        });
        Ok(visible.collect())
    }
}

/// What a user may do in a channel; `None` if it is not of this guild or the user is no member any more.
fn within(
    line: &mut Line,
    user: UserId,
    standing: &Standing,
    channel: ChannelId,
) -> Option<Permissions> {
    let now = line.now();
    let followed = line.open(standing.guild)?;
    let picture = &followed.picture;
    let channel = picture.standing_channel(channel)?;
    let (_, facts) = followed.key_of(user, Facts::said(standing), now);
    let subject = Subject {
        user,
        roles: &facts.roles,
        timed_out: facts.timed_out(now),
    };
    facts.member.then(|| picture.in_channel(channel, &subject))
}
