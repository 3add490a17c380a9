//! What the log says of users, read where this replica has not heard it.

use std::collections::HashMap;

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
    /// asked and the one from which on this replica hears of everybody. Of those who joined lately it is found out whether they
    /// left before: they come back by the log.
    pub(crate) async fn open_for(&self, user: UserId, standings: &[Standing]) -> Result<(), Away> {
        let ids: Vec<_> = standings.iter().map(|standing| standing.guild).collect();
        self.open(&ids).await?;
        for standing in standings {
            let guild = standing.guild;
            let after = EventId::new(needed_since(standing), 0);
            let heard = {
                let mut line = self.inner.line.lock();
                let unheard = line.open(guild).filter(|followed| !followed.knows(user));
                unheard.map(|followed| followed.feed.ring.read().audience.heard_since())
            };
            let Some(heard) = heard.filter(|heard| after < *heard) else {
                continue;
            };
            let words = self.words(guild, after, heard).await?;
            if let Some(followed) = self.inner.line.lock().open(guild) {
                followed
                    .feed
                    .ring
                    .write()
                    .audience
                    .hear(after, heard, words);
            }
        }
        Ok(())
    }

    /// The last word of each user in a part of a guild's log.
    async fn words(
        &self,
        guild: GuildId,
        mut after: EventId,
        upto: EventId,
    ) -> Result<HashMap<UserId, (EventId, Facts)>, BusError> {
        let mut words = HashMap::new();
        loop {
            let page = self.inner.bus.read(guild, after, upto, PAGE).await?;
            self.inner.metrics.log_reads(1);
            for entry in &page.entries {
                match &entry.body {
                    Body::Audience(change) => {
                        let word = Facts::of_change(change, entry.id);
                        words.extend(word.map(|(user, facts)| (user, (entry.id, facts))));
                    }
                    // Whoever left and is back is not told by the log.
                    Body::Reseed => words.retain(|_, (_, facts)| facts.member),
                    Body::Event(_) => {}
                }
            }
            match page.entries.last() {
                Some(last) if page.more => after = last.id,
                _ => return Ok(words),
            }
        }
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

/// From when on the log's words are needed of somebody, in Unix ms: since Discord was asked, or, of who joined just before it,
/// since some time before the joining.
fn needed_since(standing: &Standing) -> u64 {
    let asked = standing.asked_at.saturating_sub(AHEAD);
    let joined = standing.joined_at;
    let just = joined.filter(|joined| joined.saturating_add(LATE) > asked);
    just.map_or(asked, |joined| asked.min(joined.saturating_sub(LATE)))
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
