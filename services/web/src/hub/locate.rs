//! What users may see and do where, for those who ask rather than listen.

use contracts::{
    ChannelId, GuildId, UserId,
    event::PastEvent,
    snapshot::GuildRooms,
    state::{AudienceChange, Changed},
};
use event_bus::{Body, Entry};
use permissions::{Ground, Permissions, Subject};

use super::{
    Away, Hub, Mask,
    audience::{Facts, Sight},
    line::Line,
};
use crate::membership::Standing;

/// How much later than it happened a joining may be published, in ms: gateways may have been away.
pub(super) const LATE: u64 = 300_000;

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
        let guilds: Vec<_> = standings.iter().map(|standing| standing.guild).collect();
        self.open(&guilds).await?;
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
        self.open(&[standing.guild]).await?;
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
        self.open(&[standing.guild]).await?;
        let mut line = self.inner.line.lock();
        let now = line.now();
        let followed = line.open(standing.guild).ok_or(Away)?;
        let (key, facts) = followed.key_of(user, Facts::said(standing), now);
        let (picture, joined) = (&followed.picture, facts.from());
        let first = entries.iter().rposition(|entry| joins(entry, user));
        let entries = entries.into_iter().skip(first.unwrap_or(0));
        let visible = entries.filter_map(|entry| {
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
            (seen && entry.id.ms >= joined).then_some(PastEvent {
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

/// Whether an entry tells that a user has just joined, for the first time or again.
pub(super) fn joins(entry: &Entry, user: UserId) -> bool {
    let Body::Audience(AudienceChange::Member(Changed { now, was })) = &entry.body else {
        return false;
    };
    let before = was.as_ref().and_then(|was| was.joined_at);
    let just = |joined: u64| entry.id.ms.saturating_sub(joined) < LATE;
    now.user_id == user && now.joined_at != before && now.joined_at.is_some_and(just)
}
