//! What the log says of users, read where this replica has not heard it.

use std::{collections::HashMap, sync::Arc};

use contracts::{
    EventId, GuildId, UserId,
    state::{AudienceChange, Changed},
};
use event_bus::{Body, BusError, Entry};

use super::{
    Away, Hub,
    audience::{AHEAD, Facts, LATE, Past},
    feed::Feed,
    join::OPEN_TIMEOUT,
};
use crate::membership::Standing;

/// Entries read at a time.
const PAGE: usize = 1_000;

/// How often the log is read again because the guild began anew meanwhile.
const ATTEMPTS: usize = 3;

impl Hub {
    /// Sees to it that guilds are followed, and that nothing the log told of a user falls between the moment at which Discord was
    /// asked, or at which the user joined, and the one from which on this replica hears of everybody.
    pub(crate) async fn open_for(&self, user: UserId, standings: &[Standing]) -> Result<(), Away> {
        let ids: Vec<_> = standings.iter().map(|standing| standing.guild).collect();
        self.open(&ids).await?;
        let all = async {
            for standing in standings {
                self.hear(user, standing).await?;
            }
            Ok(())
        };
        let late = |_| Err(Away);
        tokio::time::timeout(OPEN_TIMEOUT, all)
            .await
            .unwrap_or_else(late)
    }

    /// Reads what this replica has not heard: one reader of a guild at a time, so that each finds what the others have read.
    async fn hear(&self, user: UserId, standing: &Standing) -> Result<(), Away> {
        let guild = standing.guild;
        let Some((feed, awaited)) = self.unheard(user, standing) else {
            return Ok(());
        };
        if awaited {
            // What is published already counts, whether it has come here or not.
            let clock = self.inner.bus.clock().await?;
            self.level_when(|line| line.complete_for(&[guild]) >= clock)
                .await?;
        }
        let joined_at = standing.joined_at.filter(|_| awaited);
        let since = joined_at.unwrap_or(u64::MAX).min(standing.asked_at);
        let after = EventId::new(since.saturating_sub(AHEAD), 0);
        let _turn = feed.reading.lock().await;
        for _ in 0..ATTEMPTS {
            let upto = feed.ring.read().audience.heard_since();
            if upto <= after {
                return Ok(());
            }
            let past = self.past(guild, after, upto).await?;
            if feed.ring.write().audience.recall(past) {
                return Ok(());
            }
        }
        Err(Away)
    }

    /// A guild that is followed, and whether the log is to tell there that the user has just joined.
    fn unheard(&self, user: UserId, standing: &Standing) -> Option<(Arc<Feed>, bool)> {
        let mut line = self.inner.line.lock();
        let followed = line.open(standing.guild)?;
        let ring = followed.feed.ring.read();
        let said = Facts::said(standing);
        let awaited = ring.audience.is_to_tell(&followed.picture, user, &said);
        drop(ring);
        Some((Arc::clone(&followed.feed), awaited))
    }

    /// What the log says of users between two ids.
    async fn past(&self, guild: GuildId, after: EventId, upto: EventId) -> Result<Past, BusError> {
        let mut past = Past {
            after,
            upto,
            floor: EventId::ZERO,
            words: HashMap::new(),
        };
        let mut read = after;
        loop {
            let page = self.inner.bus.read(guild, read, upto, PAGE).await?;
            self.inner.metrics.log_reads(1);
            past.floor = past.floor.max(page.floor.unwrap_or(upto));
            for entry in &page.entries {
                if let Body::Audience(change) = &entry.body
                    && let Some((user, facts)) = Facts::of_change(change, entry.id)
                {
                    past.words.insert(user, (entry.id, facts));
                }
            }
            match page.entries.last() {
                Some(last) if page.more => read = last.id,
                _ => return Ok(past),
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
