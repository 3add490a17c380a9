use std::{collections::HashMap, sync::Arc};

use contracts::{ChannelId, EventId, EventKind, GuildId, UserId, event::ResetReason};
use event_bus::{Entry, GuildCut};
use tokio::time::Instant;

use super::{
    admit::Woken,
    apply::Outlet,
    audience::{Case, Facts, Key, Mark},
    chain::Chain,
    feed::Feed,
    journal::Journal,
    picture::Picture,
    pulse::Health,
    request::Open,
};
use crate::membership::Standing;

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
    /// When the next time-out of somebody is over, in Unix ms; 0 = it has to be looked for.
    pub(crate) expiry: u64,
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
    /// What changed lately about who may see what.
    pub(crate) journal: Journal,
    /// Whether something is known of somebody that is not in force yet.
    pub(crate) unsettled: bool,
    /// When the next time-out of somebody is over, in Unix ms.
    pub(crate) expiry: u64,
    /// Cursors up to here can't be continued: the log was another one when they were handed out.
    pub(crate) void: EventId,
}

impl Followed {
    /// A guild as of a cut; `None` = it is not stored.
    pub(crate) fn of_cut(
        guild: GuildId,
        cut: EventId,
        stored: Option<GuildCut>,
        order: u64,
    ) -> Self {
        let (last, chain, picture) = match stored {
            None => (cut, Chain::START, Picture::empty(guild)),
            Some(stored) => {
                let chain = Chain::at(stored.last, stored.position);
                (stored.last, chain, Picture::of_cut(stored))
            }
        };
        Self {
            feed: Arc::new(Feed::new(guild, last, order)),
            picture,
            chain,
            cut,
            deserted: None,
            journal: Journal::default(),
            unsettled: false,
            expiry: u64::MAX,
            void: EventId::ZERO,
        }
    }

    /// Begins anew from a cut, and tells every viewer so. Cursors up to `void` can't be continued.
    pub(crate) fn begin_anew(
        &mut self,
        cut: EventId,
        stored: Option<GuildCut>,
        order: u64,
        void: EventId,
        reason: ResetReason,
    ) {
        let floor = stored.as_ref().map_or(cut, |stored| stored.last);
        let anew = Self::of_cut(self.feed.guild, cut, stored, order);
        let feed = Arc::clone(&self.feed);
        let mut ring = feed.ring.write();
        ring.restart(floor, reason);
        let mark = Mark::new(order, floor);
        ring.audience.begin_anew(&anew.picture, mark, cut.ms);
        let expiry = ring.audience.next_expiry();
        drop(ring);
        *self = Self {
            feed,
            expiry,
            void,
            ..anew
        };
    }

    /// Somebody comes, or is known better than before; see [`Audience::introduce`](super::audience::Audience::introduce).
    pub(crate) fn introduce(&mut self, user: UserId, facts: Facts, now: u64) -> bool {
        self.expiry = self.expiry.min(facts.timed_out_until.unwrap_or(u64::MAX));
        let mut ring = self.feed.ring.write();
        let settled = ring.audience.introduce(Case {
            picture: &self.picture,
            user,
            said: facts,
            now,
        });
        drop(ring);
        self.unsettled |= !settled;
        settled
    }

    /// Whether a user may receive an event of this kind in this channel now.
    pub(crate) fn shows(&self, user: UserId, kind: EventKind, channel: Option<ChannelId>) -> bool {
        let ring = self.feed.ring.read();
        let eyes = ring.audience.eyes(user);
        eyes.is_some_and(|eyes| eyes.see_now(kind, channel))
    }

    /// The id after which a user may be told what happened: the moment of joining.
    pub(crate) fn joined(&self, user: UserId) -> Option<EventId> {
        let ring = self.feed.ring.read();
        let joined = ring.audience.eyes(user)?.facts().from();
        Some(EventId::new(joined.saturating_sub(1), u64::MAX))
    }

    /// Whether the ring holds all that a user was told after a cursor.
    pub(crate) fn holds_all(&self, user: UserId, cursor: EventId) -> bool {
        let joined = self.joined(user).is_none_or(|joined| joined <= cursor);
        let ring = self.feed.ring.read();
        let eyes = ring.audience.eyes(user);
        joined && cursor >= ring.floor() && eyes.is_some_and(|eyes| eyes.reach_back_to(cursor))
    }

    /// Whether a user watches, or did a moment ago.
    pub(crate) fn knows(&self, user: UserId) -> bool {
        self.feed.ring.read().audience.eyes(user).is_some()
    }

    /// The rooms that a user knows of, in ascending order.
    pub(crate) fn rooms_of(&self, user: UserId) -> Vec<ChannelId> {
        let ring = self.feed.ring.read();
        let Some(eyes) = ring.audience.eyes(user) else {
            return Vec::new();
        };
        let rooms = self.picture.open_rooms().filter(|room| eyes.view(*room));
        let mut rooms: Vec<_> = rooms.collect();
        rooms.sort_unstable();
        rooms
    }

    /// A user's key, for whom asks without watching: by what the log told or as Discord said.
    pub(crate) fn key_of(&self, user: UserId, said: Facts, now: u64) -> (Key, Facts) {
        let facts = self.feed.ring.read().audience.facts(Case {
            picture: &self.picture,
            user,
            said,
            now,
        });
        (Key::of(&self.picture, user, &facts, now), facts)
    }
}

impl Line {
    /// The time as ids tell it, in Unix ms.
    pub(crate) fn now(&self) -> u64 {
        self.complete.ms
    }

    /// Somebody comes to a guild that is followed, or is known better than before; see [`Followed::introduce`].
    pub(crate) fn introduce(
        &mut self,
        user: UserId,
        standing: &Standing,
    ) -> Option<(&mut Followed, bool)> {
        let now = self.now();
        let Some(Tracked::Open(followed)) = self.guilds.get_mut(&standing.guild) else {
            return None;
        };
        let settled = followed.introduce(user, Facts::said(standing), now);
        self.expiry = self.expiry.min(followed.expiry);
        Some((followed, settled))
    }

    /// Brings into force what is known of people by now; see [`Followed::settle`].
    pub(crate) fn settle(&mut self, id: EventId, woken: &mut Woken) {
        let (order, limit) = (&mut self.order, self.ring_bytes);
        let mut expiry = u64::MAX;
        for tracked in self.guilds.values_mut() {
            if let Tracked::Open(followed) = tracked {
                if followed.unsettled || followed.expiry <= id.ms {
                    followed.settle(
                        id,
                        Outlet {
                            order,
                            limit,
                            woken,
                        },
                    );
                }
                expiry = expiry.min(followed.expiry);
            }
        }
        self.expiry = expiry;
    }

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
