//! What was missed is read from the logs and applied in the order of ids; browsers notice nothing.

use contracts::{EventId, GuildId, event::ResetReason};
use event_bus::{BusError, Entry, LogPage};
use futures_util::{StreamExt, TryStreamExt, stream};
use tracing::warn;

use super::{
    Hub,
    follow::{Todo, Woken, admit},
};

/// Entries read of one guild at a time.
const PAGE: usize = 512;

/// Logs that are read at the same time.
const READS: usize = 16;

impl Hub {
    /// Brings every guild that is followed up to the deployment's clock. Guilds of which the log does not hold everything any
    /// more are named in `reload`. Returns how many entries were read.
    pub(crate) async fn repair(
        &self,
        reload: &mut Vec<(GuildId, ResetReason)>,
    ) -> Result<u64, BusError> {
        let upto = self.inner.bus.clock().await?;
        let mut behind: Vec<_> = {
            let mut line = self.inner.line.lock();
            line.followed()
                .map(|followed| (followed.feed.guild, followed.chain.last))
                .collect()
        };
        let whole: Vec<_> = behind.iter().map(|(guild, _)| *guild).collect();
        let mut repaired = 0;
        while !behind.is_empty() {
            let reads = behind
                .clone()
                .into_iter()
                .map(|(guild, after)| self.page(guild, after, upto));
            let pages: Vec<_> = stream::iter(reads)
                .buffer_unordered(READS)
                .try_collect()
                .await?;
            let mut sound = Vec::with_capacity(pages.len());
            for (guild, after, page) in pages {
                match verdict(&page, after) {
                    None => sound.push((guild, page)),
                    Some(_) if after == EventId::ZERO && page.floor.is_none() => {}
                    Some(reason) => reload.push((guild, reason)),
                }
            }
            let safe = safe(sound.iter().map(|(_, page)| page), upto);
            behind = sound
                .iter()
                .filter(|(_, page)| {
                    page.more || page.entries.last().is_some_and(|last| last.id > safe)
                })
                .map(|(guild, _)| (*guild, safe))
                .collect();
            repaired += self.take(
                merged(sound.into_iter().map(|(_, page)| page), safe),
                reload,
            );
        }
        let mut line = self.inner.line.lock();
        line.complete = line.complete.max(upto);
        for guild in whole {
            if let Some(followed) = line.open(guild) {
                followed.cut = followed.cut.max(upto);
            }
        }
        line.taint_openings();
        Ok(repaired)
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

    /// Applies entries from the logs; those that came live already are passed over.
    fn take(&self, entries: Vec<Entry>, reload: &mut Vec<(GuildId, ResetReason)>) -> u64 {
        let mut woken = Woken::default();
        let mut line = self.inner.line.lock();
        let (before, complete) = (line.order, line.complete);
        let mut todo = Todo::default();
        for entry in entries {
            let guild = entry.guild;
            admit(&mut line, entry, &mut todo, &mut woken);
            if std::mem::take(&mut todo.repair) {
                warn!(component = "Internal", guild_id = %guild, "the log of a guild has a hole; its picture is read anew");
                todo.reload.push((guild, ResetReason::Trimmed));
            }
        }
        for (guild, reason) in todo.reload {
            if !reload.iter().any(|(known, _)| *known == guild) {
                reload.push((guild, reason));
            }
        }
        line.complete = complete;
        let order = line.order;
        drop(line);
        self.publish(order, &woken);
        order - before
    }

    /// Reads a guild anew and tells its viewers that it begins again.
    pub(crate) async fn reload(&self, guild: GuildId, reason: ResetReason) -> Result<(), BusError> {
        let mut cut = self.inner.bus.snapshot(&[guild]).await?;
        let mut line = self.inner.line.lock();
        let (mut order, limit) = (line.order, line.ring_bytes);
        let Some(followed) = line.open(guild) else {
            return Ok(());
        };
        let floor = followed.begin(cut.id, cut.guilds.pop());
        followed.reset(floor, reason, &mut order, limit);
        let feed = std::sync::Arc::clone(&followed.feed);
        line.order = order;
        drop(line);
        self.publish(order, &Woken::default());
        feed.wake_all();
        Ok(())
    }
}

/// Why a page can't continue a guild from `after`, if it can't.
pub(crate) fn verdict(page: &LogPage, after: EventId) -> Option<ResetReason> {
    match page.floor {
        None => Some(ResetReason::Epoch),
        Some(floor) if after < floor => Some(ResetReason::Trimmed),
        Some(_) => None,
    }
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
