use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use contracts::{ChannelId, EventId, GuildId, event::ResetReason};
use event_bus::{Entry, GuildCut};
use tokio::time::Instant;

use super::{chain::Chain, feed::Feed, picture::Picture, pulse::Health, request::Open};

/// Everything that moves together. Whoever holds it sees all guilds at one moment; only the follow loop changes guilds.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// The latest arrival number.
    pub(crate) order: u64,
    /// Every entry up to this id of every guild that was open then is applied.
    pub(crate) complete: EventId,
    /// Cursors up to here can't be continued: the clock went back after they were handed out.
    pub(crate) void: EventId,
    /// False from the moment in which something is found to be missing until it is repaired.
    pub(crate) up: bool,
    /// What the ticks say.
    pub(crate) pulse: Health,
    pub(crate) guilds: HashMap<GuildId, Tracked>,
    /// Bytes that one ring may hold: the budget of the replica shared out.
    pub(crate) ring_bytes: usize,
}

/// A guild that this replica follows or is about to.
#[derive(Debug)]
pub(crate) enum Tracked {
    /// It is being watched, its picture is being read; what arrives meanwhile waits here.
    Opening(Opening),
    /// It is followed.
    Open(Box<Followed>),
    /// Its watch is being ended; who wants it waits until it can be opened again.
    Closing(Vec<Open>),
}

/// A guild on its way to being followed.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    /// Told true when it is open.
    pub(crate) waiting: Vec<Open>,
    /// Entries that arrived early; [`EARLY`] at most, beyond it the log is read.
    pub(crate) early: Vec<Entry>,
    /// Whether an entry may be missing among them.
    pub(crate) tainted: bool,
}

impl Opening {
    /// Keeps an entry that came before the picture.
    pub(crate) fn arrived(&mut self, entry: Entry) {
        if self.early.len() < EARLY {
            self.early.push(entry);
        } else {
            self.tainted = true;
        }
    }
}

/// Bytes that all rings of a replica may hold.
const RINGS_BYTES: usize = 128 << 20;

/// Most entries that wait for the picture of an opening guild.
pub(crate) const EARLY: usize = 4096;

/// A guild that is followed.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) feed: Arc<Feed>,
    pub(crate) picture: Picture,
    pub(crate) chain: Chain,
    /// It is complete up to here at least: where its picture was read, or where its log was last read.
    pub(crate) cut: EventId,
    /// Since when nobody has watched.
    pub(crate) deserted: Option<Instant>,
    /// Rooms that came into sight or went out of it lately, the oldest first: the rings have told of them.
    pub(crate) shifts: VecDeque<Shifted>,
    /// Cursors up to here can't be continued: the log was another one when they were handed out.
    pub(crate) void: EventId,
}

/// A room came into everybody's sight or went out of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shifted {
    pub(crate) id: EventId,
    pub(crate) room: ChannelId,
}

/// Shifts that are remembered per guild: more than come while a viewer goes from the log over to the ring.
const SHIFTS: usize = 1024;

impl Followed {
    /// A guild as of a cut; `None` = it is not stored.
    pub(crate) fn of_cut(guild: GuildId, cut: EventId, stored: Option<GuildCut>) -> Self {
        let (last, chain, picture) = match stored {
            None => (cut, Chain::START, Picture::empty(guild)),
            Some(stored) => {
                let chain = Chain::at(stored.last, stored.position);
                (stored.last, chain, Picture::of_cut(stored))
            }
        };
        Self {
            feed: Arc::new(Feed::new(guild, last)),
            picture,
            chain,
            cut,
            deserted: None,
            shifts: VecDeque::new(),
            void: EventId::ZERO,
        }
    }

    /// Begins anew from a cut, and tells every viewer so. Cursors up to `void` can't be continued.
    pub(crate) fn begin_anew(
        &mut self,
        cut: EventId,
        stored: Option<GuildCut>,
        void: EventId,
        reason: ResetReason,
    ) {
        let floor = stored.as_ref().map_or(cut, |stored| stored.last);
        let anew = Self::of_cut(self.feed.guild, cut, stored);
        *self = Self {
            feed: Arc::clone(&self.feed),
            void,
            ..anew
        };
        self.feed.ring.write().restart(floor, reason);
    }

    /// Remembers that a room came into sight or went out of it.
    pub(crate) fn remember(&mut self, id: EventId, room: ChannelId) {
        if self.shifts.len() == SHIFTS {
            self.shifts.pop_front();
        }
        self.shifts.push_back(Shifted { id, room });
    }

    /// Whether a room came into sight or went out of it after an id.
    pub(crate) fn shifted_after(&self, room: ChannelId, id: EventId) -> bool {
        let mut late = self.shifts.iter().rev().take_while(|shift| shift.id > id);
        late.any(|shift| shift.room == room)
    }
}

impl Line {
    /// A guild that is followed.
    pub(crate) fn open(&mut self, guild: GuildId) -> Option<&mut Followed> {
        match self.guilds.get_mut(&guild) {
            Some(Tracked::Open(followed)) => Some(followed),
            _ => None,
        }
    }

    /// All guilds that are followed.
    pub(crate) fn followed(&mut self) -> impl Iterator<Item = &mut Followed> {
        self.guilds
            .values_mut()
            .filter_map(|tracked| match tracked {
                Tracked::Open(followed) => Some(&mut **followed),
                Tracked::Opening(_) | Tracked::Closing(_) => None,
            })
    }

    /// Shares the bytes for all rings out among the guilds that are followed; none gets more than `most`.
    pub(crate) fn share_out(&mut self, most: usize) {
        let count = self.followed().count().max(1);
        self.ring_bytes = most.min(RINGS_BYTES / count);
    }

    /// What opens now may lack entries: some were missed, or the others got them from their logs.
    pub(crate) fn taint(&mut self) {
        for tracked in self.guilds.values_mut() {
            if let Tracked::Opening(opening) = tracked {
                opening.tainted = true;
            }
        }
    }

    /// What is known of the way from the bus to this replica.
    pub(crate) fn health(&self) -> Health {
        match self.pulse {
            Health::Ready if !self.up => Health::Repairing,
            health => health,
        }
    }

    /// The highest id up to which all of these guilds are complete.
    pub(crate) fn complete_for(&mut self, guilds: &[GuildId]) -> EventId {
        let complete = self.complete;
        let ids = guilds
            .iter()
            .filter_map(|guild| self.open(*guild).map(|open| open.cut));
        ids.min().map_or(complete, |cut| cut.max(complete))
    }

    /// Whether a cursor over these guilds was handed out before the log became another one.
    pub(crate) fn is_void(&mut self, cursor: EventId, guilds: &[GuildId]) -> bool {
        let own = guilds
            .iter()
            .filter_map(|guild| self.open(*guild).map(|open| open.void));
        let void = own.max().unwrap_or_default();
        let void = void.max(self.void);
        void > EventId::ZERO && cursor <= void
    }

    /// Whether the pictures of these guilds, taken now, are all of one id: then that id is an exact cursor.
    pub(crate) fn is_even(&mut self, guilds: &[GuildId]) -> bool {
        let complete = self.complete;
        let cuts: Vec<_> = guilds
            .iter()
            .filter_map(|guild| self.open(*guild).map(|open| open.cut))
            .collect();
        cuts.iter().all(|cut| *cut <= complete) || cuts.windows(2).all(|pair| pair[0] == pair[1])
    }
}
