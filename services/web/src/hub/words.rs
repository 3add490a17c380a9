//! What the log says of one user, read where this replica has not heard it.

use contracts::{
    EventId, GuildId, UserId,
    state::{AudienceChange, Changed},
};
use event_bus::{Body, BusError, Entry};

use super::{
    Away, Hub,
    audience::{Facts, LATE},
};
use crate::membership::Standing;

/// Entries read at a time.
const PAGE: usize = 256;

/// How far this machine's clock may be ahead of the one that ids are drawn from, in ms.
const AHEAD: u64 = 1_000;

impl Hub {
    /// Sees to it that guilds are followed, and that nothing the log told of a user falls between the moment at which Discord was
    /// asked and the one from which on this replica hears of everybody.
    pub(crate) async fn open_for(&self, user: UserId, standings: &[Standing]) -> Result<(), Away> {
        let ids: Vec<_> = standings.iter().map(|standing| standing.guild).collect();
        self.open(&ids).await?;
        for standing in standings {
            let guild = standing.guild;
            let asked = EventId::new(standing.asked_at.saturating_sub(AHEAD), 0);
            let opened = {
                let mut line = self.inner.line.lock();
                let unheard = line.open(guild).filter(|followed| !followed.knows(user));
                unheard.map_or(EventId::ZERO, |followed| followed.opened)
            };
            if asked >= opened {
                continue;
            }
            let word = |entry: &Entry| match &entry.body {
                Body::Audience(change) => Facts::of_change(change, entry.id)
                    .filter(|(whose, _)| *whose == user)
                    .map(|(_, facts)| (entry.id, facts)),
                _ => None,
            };
            if let Some((id, facts)) = self.last(guild, asked, opened, word).await?
                && let Some(followed) = self.inner.line.lock().open(guild)
            {
                let mut ring = followed.feed.ring.write();
                ring.audience.hear(user, id, facts);
            }
        }
        Ok(())
    }

    /// The id of the last entry before a user's joining, if it was published at or after the moment that Discord names (Unix ms).
    pub(super) async fn before_joining(
        &self,
        guild: GuildId,
        user: UserId,
        joined_at: u64,
    ) -> Result<Option<EventId>, BusError> {
        let after = EventId::new(joined_at.saturating_sub(AHEAD), 0);
        let upto = EventId::new(joined_at.saturating_add(LATE), 0);
        let joining = |entry: &Entry| joins(entry, user).then_some(entry.previous);
        self.last(guild, after, upto, joining).await
    }

    /// What the last entry says, of those in a part of a guild's log that say something.
    async fn last<T>(
        &self,
        guild: GuildId,
        mut after: EventId,
        upto: EventId,
        says: impl Fn(&Entry) -> Option<T>,
    ) -> Result<Option<T>, BusError> {
        let mut found = None;
        loop {
            let page = self.inner.bus.read(guild, after, upto, PAGE).await?;
            self.inner.metrics.log_reads(1);
            found = page.entries.iter().rev().find_map(&says).or(found);
            match page.entries.last() {
                Some(last) if page.more => after = last.id,
                _ => return Ok(found),
            }
        }
    }
}

/// For how long after a joining the log may hold what happened before it.
pub(super) fn may_be_late(joined_at: u64, after: EventId) -> bool {
    joined_at.saturating_add(LATE) > after.ms
}

/// Whether an entry tells that a user has just joined, for the first time or again.
fn joins(entry: &Entry, user: UserId) -> bool {
    let Body::Audience(AudienceChange::Member(Changed { now, was })) = &entry.body else {
        return false;
    };
    let before = was.as_ref().and_then(|was| was.joined_at);
    let just = |joined: u64| entry.id.ms.saturating_sub(joined) < LATE;
    now.user_id == user && now.joined_at != before && now.joined_at.is_some_and(just)
}
