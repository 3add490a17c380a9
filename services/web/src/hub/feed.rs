use std::sync::Arc;

use contracts::{EventId, GuildId};
use parking_lot::{Mutex, RwLock};

use super::{Alarm, Mask, ring::Ring};

/// One guild as its viewers see it: the ring, and who is to be woken.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) guild: GuildId,
    pub(crate) ring: RwLock<Ring>,
    viewers: Mutex<Viewers>,
}

/// The alarms of the streams that watch a guild, in slots that are used again.
#[derive(Debug, Default)]
struct Viewers {
    slots: Vec<Option<(Mask, Arc<Alarm>)>>,
    free: Vec<usize>,
}

impl Feed {
    pub(crate) fn new(guild: GuildId, floor: EventId) -> Self {
        Self {
            guild,
            ring: RwLock::new(Ring::new(floor)),
            viewers: Mutex::default(),
        }
    }

    /// Whether nobody watches.
    pub(crate) fn deserted(&self) -> bool {
        let viewers = self.viewers.lock();
        viewers.slots.len() == viewers.free.len()
    }

    /// Adds a viewer; the slot is for [`Feed::leave`].
    pub(crate) fn enter(&self, mask: Mask, alarm: Arc<Alarm>) -> usize {
        let mut viewers = self.viewers.lock();
        if let Some(slot) = viewers.free.pop() {
            viewers.slots[slot] = Some((mask, alarm));
            slot
        } else {
            viewers.slots.push(Some((mask, alarm)));
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

    /// Wakes the viewers who chose something of what was appended.
    pub(crate) fn wake(&self, appended: &Appended) {
        for (mask, alarm) in self.viewers.lock().slots.iter().flatten() {
            if mask.meets(appended.events) {
                alarm.ring(appended.bytes_of(*mask));
            }
        }
    }

    /// How many viewers have not taken all that was appended.
    pub(crate) fn behind(&self) -> usize {
        let viewers = self.viewers.lock();
        let all = viewers.slots.iter().flatten();
        all.filter(|(_, alarm)| alarm.is_behind()).count()
    }

    /// Wakes every viewer.
    pub(crate) fn wake_all(&self) {
        for (_, alarm) in self.viewers.lock().slots.iter().flatten() {
            alarm.ring(0);
        }
    }
}

/// Which events were appended, and how many bytes of each.
#[derive(Debug)]
pub(crate) struct Appended {
    events: Mask,
    bytes: [usize; Mask::KINDS],
}

impl Default for Appended {
    fn default() -> Self {
        Self {
            events: Mask::NONE,
            bytes: [0; Mask::KINDS],
        }
    }
}

impl Appended {
    /// Adds an event.
    pub(crate) fn add(&mut self, event: Mask, bytes: usize) {
        self.events = self.events.union(event);
        for number in event.numbers() {
            self.bytes[number] += bytes;
        }
    }

    /// The bytes of the events that somebody chose.
    fn bytes_of(&self, chosen: Mask) -> usize {
        let numbers = self.events.common(chosen).numbers();
        numbers.map(|number| self.bytes[number]).sum()
    }
}
