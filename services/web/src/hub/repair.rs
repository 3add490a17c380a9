//! What was missed is read from the logs and applied in the order of ids; browsers notice nothing.

use std::time::Duration;

use contracts::{EventId, GuildId, event::ResetReason};
use event_bus::{BusError, Entry, LogPage, Subscription};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;
use tracing::warn;

use super::{
    Hub,
    admit::{Source, Trouble, Woken, admit},
    line::Tracked,
};

/// Entries read of one guild at a time.
const PAGE: usize = 512;

/// Logs that are read at the same time.
const READS: usize = 16;

/// How long a repair waits for viewers of whom none gets on.
const STUCK: Duration = Duration::from_millis(100);

/// How often it is looked whether they get on.
const LOOK: Duration = Duration::from_millis(2);

impl Hub {
    /// Brings every guild that is followed up to the deployment's clock; a guild of which the log does not hold everything any
    /// more begins anew, before anybody is told a later id. Returns how many frames came of it.
    pub(crate) async fn repair(&self) -> Result<u64, BusError> {
        let upto = self.inner.bus.clock().await?;
        let mut behind: Vec<_> = {
            let mut line = self.inner.line.lock();
            line.followed()
                .map(|followed| (followed.feed.guild, followed.chain.last))
                .collect()
        };
        let whole: Vec<_> = behind.iter().map(|(guild, _)| *guild).collect();
        let (mut repaired, slow) = (0, self.viewers_behind());
        loop {
            let reads = std::mem::take(&mut behind);
            let reads = reads
                .into_iter()
                .map(|(guild, after)| self.page(guild, after, upto));
            let pages: Vec<_> = stream::iter(reads)
                .buffer_unordered(READS)
                .try_collect()
                .await?;
            self.inner.metrics.repair_reads(pages.len());
            let mut sound = Vec::with_capacity(pages.len());
            for (guild, after, page) in pages {
                match broken(&page, after) {
                    None => sound.push((guild, page)),
                    Some(_) if after == EventId::ZERO && page.floor.is_none() => {}
                    Some(reason) => self.reload(guild, reason).await?,
                }
            }
            let safe = safe(sound.iter().map(|(_, page)| page), upto);
            for (guild, page) in &sound {
                if page.more || page.entries.last().is_some_and(|last| last.id > safe) {
                    behind.push((*guild, safe));
                }
            }
            repaired += self
                .take(merged(sound.into_iter().map(|(_, page)| page), safe))
                .await?;
            self.whole_up_to(safe, &whole);
            // A bus that never has to wait would otherwise keep everybody else of this thread waiting.
            tokio::task::yield_now().await;
            if behind.is_empty() {
                return Ok(repaired);
            }
            self.let_read(slow).await;
        }
    }

    async fn page(
        &self,
        guild: GuildId,
        after: EventId,
        upto: EventId,
    ) -> Result<(GuildId, EventId, LogPage), BusError> {
        let page = self.inner.bus.read(guild, after, upto, PAGE).await?;
        Ok((guild, after, page))
    }

    /// Gives viewers the time to take what was repaired, or they would fall off the rings and each read the log for itself. Waits
    /// only while they get on, and not for those who were slow before.
    async fn let_read(&self, slow: usize) {
        let mut behind = self.viewers_behind();
        let mut since = Instant::now();
        while behind > slow && since.elapsed() < STUCK {
            tokio::time::sleep(LOOK).await;
            let now = self.viewers_behind();
            if now < behind {
                since = Instant::now();
            }
            behind = now;
        }
    }

    fn viewers_behind(&self) -> usize {
        let mut line = self.inner.line.lock();
        line.followed().map(|open| open.feed.behind()).sum()
    }

    /// Applies entries from the logs; those that came live already are passed over.
    async fn take(&self, entries: Vec<Entry>) -> Result<u64, BusError> {
        let mut entries = entries.into_iter();
        let mut repaired = 0;
        while let Some((guild, trouble)) = self.take_sound(&mut entries, &mut repaired) {
            let reason = match trouble {
                Trouble::Anew(reason) => reason,
                Trouble::Rewound => ResetReason::Epoch,
                Trouble::Hole => {
                    warn!(component = "Internal", guild_id = %guild, "the log of a guild has a hole; its picture is read anew");
                    ResetReason::Trimmed
                }
            };
            self.reload(guild, reason).await?;
        }
        Ok(repaired)
    }

    /// Applies entries up to the first that can't be applied.
    fn take_sound(
        &self,
        entries: &mut impl Iterator<Item = Entry>,
        repaired: &mut u64,
    ) -> Option<(GuildId, Trouble)> {
        let mut woken = Woken::default();
        let mut line = self.inner.line.lock();
        let before = line.order;
        let trouble = entries.find_map(|entry| {
            let guild = entry.guild;
            let trouble = admit(&mut line, entry, Source::Kept, &mut woken);
            trouble.map(|trouble| (guild, trouble))
        });
        let order = line.order;
        drop(line);
        *repaired += order - before;
        self.publish(order, woken);
        trouble
    }

    /// Notes that nothing up to an id is missing in these guilds, which were all that were followed.
    fn whole_up_to(&self, id: EventId, guilds: &[GuildId]) {
        let mut line = self.inner.line.lock();
        line.complete = line.complete.max(id);
        for guild in guilds {
            if let Some(followed) = line.open(*guild) {
                followed.cut = followed.cut.max(id);
            }
        }
        line.taint();
    }

    /// Reads a guild anew and tells its viewers that it begins again.
    pub(crate) async fn reload(&self, guild: GuildId, reason: ResetReason) -> Result<(), BusError> {
        let mut cut = self.inner.bus.snapshot(&[guild]).await?;
        let mut line = self.inner.line.lock();
        let (complete, order) = (line.complete, line.order);
        let Some(followed) = line.open(guild) else {
            return Ok(());
        };
        let void = if reason == ResetReason::Epoch {
            complete
        } else {
            followed.void
        };
        followed.begin_anew(cut.id, cut.guilds.pop(), order, void, reason);
        let feed = std::sync::Arc::clone(&followed.feed);
        drop(line);
        feed.wake_all();
        Ok(())
    }

    /// The clock went back: everybody begins again, and no cursor handed out until now counts.
    pub(crate) async fn rewind(&self) -> Result<(), BusError> {
        let guilds: Vec<_> = {
            let mut line = self.inner.line.lock();
            line.void = line.void.max(line.complete);
            line.complete = EventId::ZERO;
            line.followed().map(|open| open.feed.guild).collect()
        };
        for guild in guilds {
            self.reload(guild, ResetReason::Epoch).await?;
        }
        Ok(())
    }

    /// A new subscription to every guild that is followed. What was missed until now has to be read from the logs.
    pub(crate) async fn subscribe_anew(&self) -> Result<Subscription, BusError> {
        let subscription = self.inner.bus.subscribe().await?;
        let guilds: Vec<_> = {
            let line = self.inner.line.lock();
            let tracked = line.guilds.iter();
            let followed = tracked.filter(|(_, tracked)| !matches!(tracked, Tracked::Closing(_)));
            followed.map(|(guild, _)| *guild).collect()
        };
        let watcher = subscription.watcher();
        stream::iter(guilds)
            .map(|guild| watcher.watch(guild))
            .buffer_unordered(READS)
            .try_collect::<()>()
            .await?;
        Ok(subscription)
    }
}

/// Why a page can't continue a cursor after `after`, if it can't.
pub(crate) fn verdict(page: &LogPage, after: EventId) -> Option<ResetReason> {
    match page.floor {
        None => Some(ResetReason::Epoch),
        Some(floor) if after < floor => Some(ResetReason::Trimmed),
        Some(_) => None,
    }
}

/// Why a page can't continue a picture that was applied up to `after`, if it can't. The floor also rises where entries were
/// published again under other ids; then the first of them names a predecessor that was applied.
fn broken(page: &LogPage, after: EventId) -> Option<ResetReason> {
    let follows = page
        .entries
        .first()
        .is_some_and(|first| first.previous <= after);
    verdict(page, after).filter(|reason| *reason != ResetReason::Trimmed || !follows)
}

/// The id up to which pages of several guilds, taken together, are whole.
pub(crate) fn safe<'a>(pages: impl Iterator<Item = &'a LogPage>, upto: EventId) -> EventId {
    let cut_short = pages.filter(|page| page.more);
    let ends = cut_short.filter_map(|page| page.entries.last().map(|last| last.id));
    ends.min().unwrap_or(upto)
}

/// The entries of several guilds up to an id, in the order of ids.
pub(crate) fn merged(pages: impl Iterator<Item = LogPage>, safe: EventId) -> Vec<Entry> {
    let entries = pages
        .flat_map(|page| page.entries)
        .filter(|entry| entry.id <= safe);
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|entry| entry.id);
    entries
}
