//! One stream's place in the rings of its guilds.

mod before;
mod catch_up;
mod corrections;
mod drain;
mod groups;
mod quiet;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};

use contracts::{ChannelId, EventId, GuildId, UserId, event::ResetReason};
use event_bus::BusError;

use super::{
    Alarm, Hub, Mask, Progress, Wish,
    chunk::{Chunk, Pieces, Transport},
    feed::Feed,
    line::Line,
};
use before::Before;
use catch_up::Past;

/// A cursor over the rings of some guilds. It holds no events: who reads slowly costs nothing, and who falls off a ring
/// goes on from the log.
#[derive(Debug)]
pub(crate) struct Viewer {
    hub: Hub,
    user: UserId,
    alarm: Arc<Alarm>,
    transport: Transport,
    mask: Mask,
    wants_snapshot: bool,
    seats: Vec<Seat>,
    /// The highest id that was written, and how far the browser's rooms are by it.
    sent: Progress,
    /// The id of an entry of which something was written without the id.
    owed: Option<EventId>,
    /// The browser's rooms stay behind until what `due` says is told, and the ids that are written say so: a browser that is cut
    /// off before that is told it when it is back, and nothing else again.
    hold: bool,
    due: Due,
    past: Option<Past>,
}

/// A place in one ring.
#[derive(Debug)]
struct Seat {
    feed: Arc<Feed>,
    slot: usize,
    /// The next place to look at.
    next: u64,
    /// Frames up to this id were handed out another way.
    through: EventId,
    /// The id of the last frame that was taken.
    seen: EventId,
    /// Events up to this id the browser has, though its rooms may be behind.
    told: EventId,
}

/// What has to be told as soon as everything that waits is written.
#[derive(Debug, Default)]
struct Due {
    reset: Option<ResetReason>,
    /// What the guilds were at the cursor from which the log is read.
    before: BTreeMap<GuildId, Before>,
    /// The rooms that were told since: whether the browser knows them now.
    told: BTreeMap<(GuildId, ChannelId), bool>,
    /// Rooms of which something was passed over because they were out of sight just then.
    missed: BTreeSet<(GuildId, ChannelId)>,
    /// Rooms that came into sight since, as those know it who were told that they had gone out of it.
    back: BTreeSet<(GuildId, ChannelId)>,
    /// What the guilds were at the cursor of a browser that was told more than its rooms show.
    ahead: BTreeMap<GuildId, Before>,
    /// How far the log is read; what came later the ring tells.
    upto: EventId,
}

/// What waits for a viewer.
#[derive(Debug)]
pub(crate) enum Taken {
    /// To be written; there may be more.
    Chunk(Chunk),
    /// Nothing waits: sleep until the alarm.
    Nothing,
    /// The rings do not reach back far enough, or something else has to be told first: call [`Viewer::step`].
    Behind,
}

impl Viewer {
    /// A viewer with no guild yet, whose browser is so far.
    pub(super) fn new(hub: Hub, alarm: Arc<Alarm>, wish: &Wish, cursor: Progress) -> Self {
        Self {
            hub,
            user: wish.user,
            alarm,
            transport: wish.transport,
            mask: wish.mask,
            wants_snapshot: wish.snapshot,
            seats: Vec::new(),
            sent: cursor,
            owed: None,
            hold: !cursor.is_even(),
            due: Due::default(),
            past: None,
        }
    }

    /// Takes a seat at the end of a guild's ring.
    pub(super) fn sit(&mut self, feed: Arc<Feed>, seen: EventId) {
        let slot = feed.enter(self.user, self.mask, Arc::clone(&self.alarm));
        let next = feed.ring.read().end();
        self.seats.push(Seat {
            feed,
            slot,
            next,
            through: seen,
            seen,
            told: EventId::ZERO,
        });
    }

    /// Takes a seat whose browser was told everything up to its cursor, though its rooms may be only as far as `rooms`.
    pub(super) fn sit_behind(&mut self, feed: Arc<Feed>, rooms: EventId) {
        self.sit(feed, rooms);
        if let Some(seat) = self.seats.last_mut() {
            seat.told = self.sent.told;
        }
    }

    /// Takes a seat in a ring after a cursor that the ring reaches back to.
    pub(super) fn sit_after(&mut self, feed: Arc<Feed>, cursor: EventId) {
        self.sit(feed, cursor);
        if let Some(seat) = self.seats.last_mut() {
            seat.next = seat.feed.ring.read().after(cursor);
        }
    }

    /// Its user joined a guild after the cursor: the browser knows nothing of it.
    pub(super) fn is_new_to(&mut self, guild: GuildId) {
        self.hold = true;
        self.due.before.insert(guild, Before::nothing());
    }

    /// Begins to catch up from the log.
    pub(super) fn fall_behind(&mut self) {
        self.past = Some(Past::default());
    }

    /// The guilds that it watches.
    pub(crate) fn guilds(&self) -> Vec<GuildId> {
        self.seats.iter().map(|seat| seat.feed.guild).collect()
    }

    /// Nothing yet, for its transport.
    pub(super) fn pieces(&self) -> Pieces {
        Pieces::new(self.transport)
    }

    /// All that waits, 64 KiB at most.
    pub(crate) fn take(&mut self) -> Taken {
        let upto = self.hub.inner.applied.load(Ordering::Acquire);
        match self.drain(upto, drain::CHUNK) {
            Taken::Nothing if self.is_due() => Taken::Behind,
            Taken::Nothing => {
                self.alarm.level();
                Taken::Nothing
            }
            Taken::Chunk(chunk) => {
                self.alarm.taken(chunk.len);
                Taken::Chunk(chunk)
            }
            Taken::Behind => Taken::Behind,
        }
    }

    /// Reads and writes the next part of what was missed, or tells what is due.
    pub(crate) async fn step(&mut self) -> Result<Option<Chunk>, BusError> {
        // What comes from the log is not what waits: each step shows that the reader reads.
        self.alarm.level();
        if self.past.is_some() {
            self.catch_up().await
        } else if self.is_due() {
            self.tell_due().await
        } else {
            Ok(None)
        }
    }

    fn is_due(&self) -> bool {
        self.due.reset.is_some() || self.hold
    }

    /// The log can't be read: begins again with a reset.
    pub(crate) fn give_up(&mut self) {
        self.past = None;
        self.due.reset = Some(ResetReason::Trimmed);
    }

    fn complete(&self, line: &mut Line) -> EventId {
        line.complete_for(&self.guilds())
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        for seat in &self.seats {
            seat.feed.leave(seat.slot);
        }
    }
}
