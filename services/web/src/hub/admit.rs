//! Where an entry belongs, and what it leaves to be done.

use std::{collections::HashMap, sync::Arc};

use contracts::{GuildId, event::ResetReason};
use event_bus::Entry;

use super::{
    apply::Outlet,
    audience::Reach,
    chain::Admission,
    fan_out::{FanOut, FanOuts},
    feed::{Appended, Feed},
    line::{Line, Tracked},
};

/// Where an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the live channel, in the order of ids over all guilds.
    Live,
    /// From a log, or kept since it came: later ones may have been applied already.
    Kept,
}

/// Why an entry can't be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Entries before it are missing.
    Hole,
    /// Its guild begins anew.
    Anew(ResetReason),
    /// Its id was given by a clock that went back: no id handed out until now means anything.
    Rewound,
}

/// What is left to be done with the bus.
#[derive(Debug, Default)]
pub(crate) struct Todo {
    /// The live channel is broken.
    pub(crate) resubscribe: bool,
    /// The clock went back.
    pub(crate) rewound: bool,
    /// Entries are missing.
    pub(crate) repair: bool,
    /// Guilds that begin anew.
    pub(crate) reload: Vec<(GuildId, ResetReason)>,
}

impl Todo {
    pub(crate) fn is_empty(&self) -> bool {
        !self.resubscribe && !self.rewound && !self.repair && self.reload.is_empty()
    }

    pub(crate) fn note(&mut self, guild: GuildId, trouble: Trouble) {
        match trouble {
            Trouble::Hole => self.repair = true,
            Trouble::Anew(reason) => self.reload.push((guild, reason)),
            Trouble::Rewound => {
                self.rewound = true;
                self.repair = true;
            }
        }
    }
}

/// Takes one entry where it belongs.
pub(crate) fn admit(
    line: &mut Line,
    entry: Entry,
    source: Source,
    woken: &mut Woken,
) -> Option<Trouble> {
    let (limit, complete) = (line.ring_bytes, line.complete);
    if source == Source::Live && entry.id.ms >= line.expiry && entry.id > complete {
        // Somebody's time-out was over before this happened.
        line.settle(entry.id, woken);
    }
    match line.guilds.get_mut(&entry.guild) {
        Some(Tracked::Open(followed)) => match followed.chain.admit(&entry) {
            // Everything up to `complete` has arrived: nothing new can have such an id.
            Admission::Next | Admission::Rewound
                if source == Source::Live && entry.id <= complete =>
            {
                return Some(Trouble::Rewound);
            }
            Admission::Next | Admission::Passing => {
                let order = &mut line.order;
                followed.apply(
                    entry,
                    Outlet {
                        order,
                        limit,
                        woken,
                    },
                );
                line.expiry = line.expiry.min(followed.expiry);
            }
            Admission::Repeated => followed.chain.step_again(&entry),
            Admission::Duplicate => {}
            Admission::Hole => return Some(Trouble::Hole),
            Admission::Reseeded | Admission::Rewound => {
                return Some(Trouble::Anew(ResetReason::Epoch));
            }
        },
        Some(Tracked::Opening(opening)) => opening.arrived(entry),
        Some(Tracked::Closing(_)) | None => {}
    }
    None
}

/// The guilds in which something was appended, and what.
#[derive(Debug, Default)]
pub(crate) struct Woken {
    guilds: HashMap<GuildId, (Arc<Feed>, Appended)>,
    /// Whose writes are to be waited for.
    traced: Vec<(Arc<Feed>, Reach, Arc<FanOut>)>,
}

impl Woken {
    pub(crate) fn add(&mut self, feed: &Arc<Feed>, reach: &Reach, bytes: usize) {
        self.appended(feed).add(reach, bytes);
    }

    /// Everybody is to look: the ring was emptied.
    pub(crate) fn add_all(&mut self, feed: &Arc<Feed>) {
        self.appended(feed).emptied();
    }

    fn appended(&mut self, feed: &Arc<Feed>) -> &mut Appended {
        let entry = self.guilds.entry(feed.guild);
        let (_, appended) = entry.or_insert_with(|| (Arc::clone(feed), Appended::default()));
        appended
    }

    /// A frame that was appended is traced.
    pub(crate) fn trace(&mut self, feed: &Arc<Feed>, reach: &Reach, fan_out: &Arc<FanOut>) {
        self.traced
            .push((Arc::clone(feed), reach.clone(), Arc::clone(fan_out)));
    }

    /// Has the writes of traced frames waited for. To be called before anybody may take them.
    pub(crate) fn wait(&mut self, fan_outs: &FanOuts) {
        for (feed, reach, fan_out) in self.traced.drain(..) {
            fan_outs.wait_for(fan_out, feed.viewers_of(&reach));
        }
    }

    pub(crate) fn wake(self) {
        for (feed, appended) in self.guilds.values() {
            feed.wake(appended);
        }
    }
}
