//! What the log says of users, read where this replica has not heard it.

use std::{collections::HashMap, sync::Arc};

use contracts::{
    EventId, GuildId, UserId,
    state::{AudienceChange, Changed},
};
use event_bus::{Body, BusError, Entry};

use super::{
    Away, Hub,
    audience::{AHEAD, Audience, Case, Facts, LATE, Past},
    feed::Feed,
    join::OPEN_TIMEOUT,
};
use crate::membership::Standing;

/// Entries read at a time.
const PAGE: usize = 1_000;

/// How much of a log is read at a time, in ms.
const SLICE: u64 = 60_000;

/// How far before a joining it is looked for, in ms: ids may be drawn from a clock that is behind Discord's.
const BACK: u64 = 30_000;

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

    async fn hear(&self, user: UserId, standing: &Standing) -> Result<(), Away> {
        let guild = standing.guild;
        let to_tell = self.of(user, standing, Audience::is_to_tell);
        let Some((feed, to_tell)) = to_tell else {
            return Ok(());
        };
        let joined_at = standing.joined_at.filter(|_| to_tell);
        let joined_at = joined_at.map_or(u64::MAX, |at| at.saturating_sub(BACK));
        let since = standing.asked_at.saturating_sub(AHEAD).min(joined_at);
        self.read_back(guild, &feed, EventId::new(since, 0)).await?;
        let awaits = self.of(user, standing, Audience::awaits);
        if awaits.is_some_and(|(_, awaits)| awaits) {
            // What is published already counts, whether it has come here or not.
            let clock = self.inner.bus.clock().await?;
            self.level_when(|line| line.complete_for(&[guild]) >= clock)
                .await?;
        }
        Ok(())
    }

    /// What an audience says of a user; `None` if the guild is not followed.
    fn of<T>(
        &self,
        user: UserId,
        standing: &Standing,
        says: impl FnOnce(&Audience, &Case<'_>) -> T,
    ) -> Option<(Arc<Feed>, T)> {
        let mut line = self.inner.line.lock();
        let now = line.now();
        let followed = line.open(standing.guild)?;
        let case = Case {
            picture: &followed.picture,
            user,
            said: Facts::said(standing),
            now,
        };
        let said = says(&followed.feed.ring.read().audience, &case);
        Some((Arc::clone(&followed.feed), said))
    }

    /// Reads what this replica has not heard: one reader of a guild at a time, so that each finds what the others have read, and
    /// the latest first, so that nothing is read twice if it takes too long.
    async fn read_back(&self, guild: GuildId, feed: &Feed, after: EventId) -> Result<(), Away> {
        let heard = || feed.ring.read().audience.heard_since();
        if heard() <= after {
            return Ok(());
        }
        let _turn = feed.reading.lock().await;
        loop {
            let upto = heard();
            if upto <= after {
                return Ok(());
            }
            let slice = EventId::new(upto.ms.saturating_sub(SLICE), 0).max(after);
            let mut past = self.past(guild, slice, upto).await?;
            if past.floor >= slice {
                // There is nothing before it.
                past.after = after;
            }
            // If the guild began anew meanwhile, it is read again.
            feed.ring.write().audience.recall(past);
        }
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

    /// The ids of the entry that tells of a user's joining and of the one before it, if it was published at or after the moment
    /// that Discord names (Unix ms).
    pub(super) async fn joining(
        &self,
        guild: GuildId,
        user: UserId,
        joined_at: u64,
    ) -> Result<Option<(EventId, EventId)>, BusError> {
        let after = EventId::new(joined_at.saturating_sub(AHEAD), 0);
        let upto = EventId::new(joined_at.saturating_add(LATE), 0);
        let joining = |entry: &Entry| joins(entry, user).then_some((entry.id, entry.previous));
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
