//! How far back the logs really reach: less than configured where a guild is so busy that the number of entries ends it.

use std::{convert::Infallible, time::Duration};

use contracts::{EventId, GuildId};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Hub, join::now_ms, open::BUS_TIMEOUT};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(30);

/// Guilds that are looked at in one round; the next round goes on with others.
const GUILDS: usize = 16;

impl Hub {
    /// Looks again and again until `stop`. Where nobody watches anything, what is configured is all there is to tell.
    pub(crate) async fn watch_retention(self, stop: CancellationToken) -> Result<(), Infallible> {
        let mut rounds = tokio::time::interval(EVERY);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut first = 0;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = rounds.tick() => {}
            }
            let mut shortest = self.inner.retention;
            for guild in self.some_guilds(first) {
                if let Some(window) = self.window(guild).await {
                    shortest = shortest.min(window);
                }
            }
            first += GUILDS;
            self.inner.metrics.retention(shortest);
        }
    }

    /// Some of the guilds that are followed, beginning with this one of them.
    fn some_guilds(&self, first: usize) -> Vec<GuildId> {
        let mut line = self.inner.line.lock();
        let mut guilds: Vec<_> = line
            .followed()
            .map(|followed| followed.feed.guild)
            .collect();
        drop(line);
        guilds.sort_unstable();
        let many = guilds.len().max(1);
        guilds.rotate_left(first % many);
        guilds.truncate(GUILDS);
        guilds
    }

    /// How far back a guild's log reaches; `None` if nobody says.
    async fn window(&self, guild: GuildId) -> Option<Duration> {
        let read = self.inner.bus.read(guild, EventId::ZERO, EventId::ZERO, 1);
        let page = tokio::time::timeout(BUS_TIMEOUT, read).await.ok()?.ok()?;
        let ms = now_ms().saturating_sub(page.floor?.ms);
        Some(Duration::from_millis(ms))
    }
}
