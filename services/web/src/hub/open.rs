//! Guilds begin to be followed when somebody wants them, and end a while after the last viewer left.

use std::{collections::hash_map, time::Duration};

use contracts::{EventId, GuildId};
use event_bus::{BusError, Cut};
use futures_util::{FutureExt, future::try_join_all};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::{
    admit::{Source, Todo, Woken, admit},
    follow::Follow,
    line::{Followed, Opening, Tracked},
    request::Open,
};

/// Most guilds that one replica follows.
const GUILDS: usize = 10_000;

/// How long the bus may take to open or close guilds, or to take a tick.
pub(crate) const BUS_TIMEOUT: Duration = Duration::from_secs(5);

/// What was done with the bus.
#[derive(Debug)]
pub(crate) enum Change {
    /// The guilds are watched, and this is their state.
    Opened(Vec<GuildId>, Result<Cut, BusError>),
    /// The guild is not watched any more.
    Closed(GuildId),
    /// A tick was asked for.
    Ticked(Result<EventId, BusError>),
}

impl Follow {
    /// Begins to follow guilds; those who ask for one that is on its way wait with the others.
    pub(crate) fn open(&mut self, wanted: Vec<Open>) {
        let mut line = self.hub.inner.line.lock();
        let mut new = Vec::new();
        for open in wanted {
            let room = line.guilds.len() < GUILDS;
            match line.guilds.entry(open.guild) {
                hash_map::Entry::Occupied(mut tracked) => match tracked.get_mut() {
                    Tracked::Opening(opening) => opening.waiting.push(open),
                    Tracked::Closing(waiting) => waiting.push(open),
                    Tracked::Open(_) => drop(open.told.send(true)),
                },
                hash_map::Entry::Vacant(_) if !room => drop(open.told.send(false)),
                hash_map::Entry::Vacant(vacant) => {
                    new.push(open.guild);
                    vacant.insert(Tracked::Opening(Opening {
                        waiting: vec![open],
                        ..Opening::default()
                    }));
                }
            }
        }
        drop(line);
        if !new.is_empty() {
            self.begin(new);
        }
    }

    /// Watches guilds, then reads their state: what is published from the watch on is delivered, so nothing falls between.
    fn begin(&mut self, guilds: Vec<GuildId>) {
        let (bus, watcher) = (self.hub.inner.bus.clone(), self.subscription.watcher());
        let opening = async move {
            let work = async {
                try_join_all(guilds.iter().map(|guild| watcher.watch(*guild))).await?;
                bus.snapshot(&guilds).await
            };
            let outcome = tokio::time::timeout(BUS_TIMEOUT, work).await;
            let outcome = outcome.unwrap_or_else(|late| Err(BusError::Unavailable(Box::new(late))));
            Change::Opened(guilds, outcome)
        };
        self.changes.push(opening.boxed());
    }

    /// Ends the watch of a guild.
    fn close(&mut self, guild: GuildId) {
        let watcher = self.subscription.watcher();
        let closing = async move {
            match tokio::time::timeout(BUS_TIMEOUT, watcher.unwatch(guild)).await {
                Ok(Ok(())) => {
                    debug!(component = "Internal", guild_id = %guild, "a guild is not followed any more");
                }
                Ok(Err(error)) => {
                    warn!(component = "Internal", guild_id = %guild, %error, "a watch could not be ended");
                }
                Err(_) => {
                    warn!(component = "Internal", guild_id = %guild, "a watch could not be ended in time");
                }
            }
            Change::Closed(guild)
        };
        self.changes.push(closing.boxed());
    }

    /// Takes over what was done with the bus.
    pub(crate) fn finish(&mut self, change: Change, todo: &mut Todo) {
        match change {
            Change::Opened(guilds, Ok(cut)) => self.opened(&guilds, cut, todo),
            Change::Opened(guilds, Err(error)) => {
                warn!(component = "Internal", %error, guilds = guilds.len(), "guilds can't be opened");
                for guild in guilds {
                    let mut line = self.hub.inner.line.lock();
                    let before = line.guilds.insert(guild, Tracked::Closing(Vec::new()));
                    drop(line);
                    if let Some(Tracked::Opening(opening)) = before {
                        tell(opening.waiting, false);
                    }
                    self.close(guild);
                }
            }
            Change::Closed(guild) => {
                let closed = self.hub.inner.line.lock().guilds.remove(&guild);
                if let Some(Tracked::Closing(waiting)) = closed {
                    self.open(waiting);
                }
            }
            Change::Ticked(outcome) => self.ticked(outcome),
        }
    }

    fn opened(&mut self, guilds: &[GuildId], cut: Cut, todo: &mut Todo) {
        let mut stored: Vec<_> = cut.guilds;
        let mut woken = Woken::default();
        let mut told = Vec::new();
        let mut line = self.hub.inner.line.lock();
        for guild in guilds {
            let index = stored.iter().position(|stored| stored.state.id() == *guild);
            let stored = index.map(|index| stored.swap_remove(index));
            let followed = Followed::of_cut(*guild, cut.id, stored, line.order);
            let before = line
                .guilds
                .insert(*guild, Tracked::Open(Box::new(followed)));
            if let Some(Tracked::Opening(opening)) = before {
                for entry in opening.early {
                    if let Some(trouble) = admit(&mut line, entry, Source::Kept, &mut woken) {
                        todo.note(*guild, trouble);
                    }
                }
                todo.repair |= opening.tainted;
                told.extend(opening.waiting);
            }
        }
        line.share_out(self.hub.inner.limits.ring_bytes);
        line.up &= todo.is_empty();
        let order = line.order;
        drop(line);
        self.hub.publish(order, woken);
        tell(told, true);
    }

    /// Stops following guilds that nobody has watched for a while, and counts what the rings hold.
    pub(crate) fn sweep(&mut self) {
        let now = Instant::now();
        let (mut frames, mut bytes, mut open) = (0, 0, 0);
        let mut over = Vec::new();
        let mut line = self.hub.inner.line.lock();
        for followed in line.followed() {
            let ring = followed.feed.ring.read();
            frames += ring.end() - ring.first();
            bytes += ring.bytes();
            open += 1;
            drop(ring);
            let here = followed.feed.users();
            let here = |user| here.binary_search(&user).is_ok();
            let linger = self.hub.inner.limits.linger;
            followed.feed.ring.write().audience.sweep(here, now, linger);
            if !followed.feed.deserted() {
                followed.deserted = None;
            } else if now.duration_since(*followed.deserted.get_or_insert(now))
                >= self.hub.inner.limits.linger
            {
                over.push(followed.feed.guild);
            }
        }
        for guild in &over {
            line.guilds.insert(*guild, Tracked::Closing(Vec::new()));
        }
        if !over.is_empty() {
            line.share_out(self.hub.inner.limits.ring_bytes);
        }
        drop(line);
        self.hub.inner.metrics.rings(open, frames, bytes);
        for guild in over {
            self.close(guild);
        }
    }
}

fn tell(waiting: Vec<Open>, open: bool) {
    for waiting in waiting {
        let _gone = waiting.told.send(open);
    }
}
