use std::{collections::HashMap, sync::Arc};

use contracts::{EventId, GuildId, UserId};
use parking_lot::{Mutex, RwLock};

use super::{
    Alarm, Mask,
    audience::{ClassId, Eyes, Reach, Whom},
    ring::Ring,
};

/// One guild as its viewers see it: the ring, and who is to be woken.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) guild: GuildId,
    pub(crate) ring: RwLock<Ring>,
    /// Held by whoever reads from the log what was told of users: one at a time, for all.
    pub(crate) reading: tokio::sync::Mutex<()>,
    /// Locked after the ring where both are.
    viewers: Mutex<Viewers>,
}

/// The streams that watch a guild, in slots that are used again.
#[derive(Debug, Default)]
struct Viewers {
    slots: Vec<Option<Watch>>,
    free: Vec<usize>,
}

/// A stream that watches.
#[derive(Debug)]
struct Watch {
    user: UserId,
    mask: Mask,
    alarm: Arc<Alarm>,
}

impl Feed {
    pub(crate) fn new(guild: GuildId, floor: EventId, order: u64) -> Self {
        Self {
            guild,
            ring: RwLock::new(Ring::new(floor, order)),
            reading: tokio::sync::Mutex::default(),
            viewers: Mutex::default(),
        }
    }

    /// Whether nobody watches.
    pub(crate) fn deserted(&self) -> bool {
        let viewers = self.viewers.lock();
        viewers.slots.len() == viewers.free.len()
    }

    /// The users who watch, in ascending order.
    pub(crate) fn users(&self) -> Vec<UserId> {
        let viewers = self.viewers.lock();
        let mut users: Vec<_> = viewers.slots.iter().flatten().map(|one| one.user).collect();
        users.sort_unstable();
        users
    }

    /// Adds a viewer; the slot is for [`Feed::leave`].
    pub(crate) fn enter(&self, user: UserId, mask: Mask, alarm: Arc<Alarm>) -> usize {
        let watch = Some(Watch { user, mask, alarm });
        let mut viewers = self.viewers.lock();
        if let Some(slot) = viewers.free.pop() {
            viewers.slots[slot] = watch;
            slot
        } else {
            viewers.slots.push(watch);
            viewers.slots.len() - 1
        }
    }

    /// Removes a viewer.
    pub(crate) fn leave(&self, slot: usize) {
        let mut viewers = self.viewers.lock();
        if viewers.slots[slot].take().is_some() {
            viewers.free.push(slot);
        }
    }

    /// Wakes the viewers who chose something of what was appended and may see it.
    pub(crate) fn wake(&self, appended: &Appended) {
        if appended.emptied {
            self.wake_all();
        }
        let ring = self.ring.read();
        let viewers = self.viewers.lock();
        let mut sums: HashMap<ClassId, Sum> = HashMap::new();
        for watch in viewers.slots.iter().flatten() {
            if !watch.mask.meets(appended.events) {
                continue;
            }
            let Some(eyes) = ring.audience.eyes(watch.user) else {
                continue;
            };
            let bytes = if eyes.is_settled_since(appended.first) {
                let sum = sums.entry(eyes.class());
                let sum = sum.or_insert_with(|| Sum::of(&appended.shared, &eyes));
                let own = Sum::of(&appended.own, &eyes);
                together(sum.bytes_of(watch.mask), own.bytes_of(watch.mask))
            } else {
                // It moved meanwhile: what came before is judged by what it saw then.
                let shared = Sum::of(&appended.shared, &eyes).bytes_of(watch.mask);
                together(shared, Sum::of(&appended.own, &eyes).bytes_of(watch.mask))
            };
            if let Some(bytes) = bytes {
                watch.alarm.ring(bytes);
            }
        }
    }

    /// For how many viewers an event is that was appended just now.
    pub(crate) fn viewers_of(&self, reach: &Reach) -> u64 {
        let ring = self.ring.read();
        let viewers = self.viewers.lock();
        let watching = viewers.slots.iter().flatten();
        let meant = watching.filter(|watch| {
            let eyes = ring.audience.eyes(watch.user);
            watch.mask.meets(reach.mask) && eyes.is_some_and(|eyes| eyes.see(reach))
        });
        meant.count() as u64
    }

    /// How many viewers have not taken all that was appended for them.
    pub(crate) fn behind(&self) -> usize {
        let viewers = self.viewers.lock();
        let all = viewers.slots.iter().flatten();
        all.filter(|watch| watch.alarm.is_behind()).count()
    }

    /// Wakes every viewer.
    pub(crate) fn wake_all(&self) {
        for watch in self.viewers.lock().slots.iter().flatten() {
            watch.alarm.ring(0);
        }
    }

    /// These users' streams are to be judged anew by what Discord said last.
    pub(crate) fn look_here(&self, users: &[UserId]) {
        let viewers = self.viewers.lock();
        let own = viewers.slots.iter().flatten();
        for watch in own.filter(|watch| users.contains(&watch.user)) {
            watch.alarm.look_here();
        }
    }

    /// Has the streams of a user find out anew whether the user may be here.
    pub(crate) fn look_again(&self, user: UserId) {
        let viewers = self.viewers.lock();
        let own = viewers.slots.iter().flatten();
        for watch in own.filter(|watch| watch.user == user) {
            watch.alarm.look_again();
        }
    }
}

/// What was appended under one lock.
#[derive(Debug)]
pub(crate) struct Appended {
    events: Mask,
    /// The arrival number of the first.
    first: u64,
    shared: Vec<(Reach, usize)>,
    /// What is for single users.
    own: Vec<(Reach, usize)>,
    /// Whether the ring was emptied instead.
    emptied: bool,
}

impl Default for Appended {
    fn default() -> Self {
        Self {
            events: Mask::NONE,
            first: u64::MAX,
            shared: Vec::new(),
            own: Vec::new(),
            emptied: false,
        }
    }
}

impl Appended {
    /// The ring was emptied: everybody has to look.
    pub(crate) fn emptied(&mut self) {
        self.emptied = true;
    }

    /// Adds an event of so many bytes.
    pub(crate) fn add(&mut self, reach: &Reach, bytes: usize) {
        self.events = self.events.union(reach.mask);
        self.first = self.first.min(reach.order);
        let list = match reach.whom {
            Whom::User(_) => &mut self.own,
            Whom::Everybody | Whom::Classes(_) => &mut self.shared,
        };
        list.push((reach.clone(), bytes));
    }
}

/// Which events somebody may see, and how many bytes of each.
struct Sum {
    events: Mask,
    bytes: [usize; Mask::KINDS],
}

impl Sum {
    fn of(appended: &[(Reach, usize)], eyes: &Eyes<'_>) -> Self {
        let mut sum = Self {
            events: Mask::NONE,
            bytes: [0; Mask::KINDS],
        };
        for (reach, bytes) in appended.iter().filter(|(reach, _)| eyes.see(reach)) {
            sum.events = sum.events.union(reach.mask);
            for number in reach.mask.numbers() {
                sum.bytes[number] += bytes;
            }
        }
        sum
    }

    /// The bytes of the events that somebody chose, if there are such.
    fn bytes_of(&self, chosen: Mask) -> Option<usize> {
        let common = self.events.common(chosen);
        let bytes = common.numbers().map(|number| self.bytes[number]);
        self.events.meets(chosen).then(|| bytes.sum())
    }
}

fn together(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}
