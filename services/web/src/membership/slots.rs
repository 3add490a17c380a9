use std::{collections::HashMap, sync::Arc};

use contracts::{GuildId, UserId};
use tokio::time::Instant;

use super::Standing;

/// Most users whose guilds are remembered.
const USERS: usize = 20_000;

/// The part of them that is forgotten at once when there is no room: one in so many.
const FORGOTTEN: usize = 16;

/// What is known of one user. Whoever asks Discord holds it, so that it is asked once at a time.
pub(super) type Slot = Arc<tokio::sync::Mutex<Remembered>>;

/// What is known of one user, and until when Discord is not asked.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) known: Option<Known>,
    pub(super) ask_from: Instant,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            known: None,
            ask_from: Instant::now(),
        }
    }
}

/// A user's guilds as of some time.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) at: Instant,
    pub(crate) guilds: Arc<[Standing]>,
}

impl Known {
    /// What the user is in a guild.
    pub(crate) fn of(&self, guild: GuildId) -> Option<&Standing> {
        self.guilds.iter().find(|standing| standing.guild == guild)
    }

    /// The ids of the guilds.
    pub(crate) fn ids(&self) -> Vec<GuildId> {
        self.guilds.iter().map(|standing| standing.guild).collect()
    }

    /// What the user is in those of these guilds that the user is in.
    pub(crate) fn within(&self, guilds: &[contracts::state::Guild]) -> Vec<Standing> {
        let ids = guilds.iter().map(|guild| guild.id);
        let standings = ids.filter_map(|id| self.guilds.iter().find(|one| one.guild == id));
        standings.cloned().collect()
    }
}

/// The users whose guilds are remembered.
#[derive(Debug, Default)]
pub(super) struct Slots {
    users: HashMap<UserId, Used>,
    /// Counts the uses.
    uses: u64,
}

#[derive(Debug)]
struct Used {
    last: u64,
    slot: Slot,
}

impl Slots {
    /// The slot of a user. If there is no room, those go who were not asked for the longest; they are asked again when they
    /// come back.
    pub(super) fn of(&mut self, user: UserId) -> Slot {
        if self.users.len() >= USERS && !self.users.contains_key(&user) {
            self.forget_oldest();
        }
        self.uses += 1;
        let used = self.users.entry(user).or_insert_with(|| Used {
            last: 0,
            slot: Slot::default(),
        });
        used.last = self.uses;
        Arc::clone(&used.slot)
    }

    /// The slot of a user, if there is one.
    pub(super) fn known(&self, user: UserId) -> Option<Slot> {
        self.users.get(&user).map(|used| Arc::clone(&used.slot))
    }

    pub(super) fn forget(&mut self, user: UserId) {
        self.users.remove(&user);
    }

    fn forget_oldest(&mut self) {
        // Whoever is being asked for holds a clone, and would be asked for twice.
        let idle = self
            .users
            .values()
            .filter(|used| Arc::strong_count(&used.slot) == 1);
        let mut ages: Vec<_> = idle.map(|used| used.last).collect();
        if ages.is_empty() {
            return;
        }
        let count = (USERS / FORGOTTEN).min(ages.len() - 1);
        let (_, oldest, _) = ages.select_nth_unstable(count);
        let oldest = *oldest;
        self.users
            .retain(|_, used| used.last >= oldest || Arc::strong_count(&used.slot) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remember(slots: &mut Slots, user: u64) -> Slot {
        let slot = slots.of(UserId::new(user));
        slot.try_lock().unwrap().known = Some(Known {
            at: Instant::now(),
            guilds: Arc::new([]),
        });
        slot
    }

    fn knows(slots: &mut Slots, user: u64) -> bool {
        slots
            .of(UserId::new(user))
            .try_lock()
            .unwrap()
            .known
            .is_some()
    }

    #[test]
    fn who_was_not_asked_for_the_longest_is_forgotten_first() {
        let mut slots = Slots::default();
        let held = remember(&mut slots, 1);
        for user in 2..=USERS as u64 {
            remember(&mut slots, user);
        }
        assert!(knows(&mut slots, 2), "there is room for all");
        remember(&mut slots, 30_000);
        assert!(slots.users.len() <= USERS);
        assert!(slots.users.len() >= USERS - USERS / FORGOTTEN);
        assert!(knows(&mut slots, 2), "it was used since");
        assert!(knows(&mut slots, USERS as u64));
        assert!(knows(&mut slots, 1), "somebody is asking for it");
        assert!(!knows(&mut slots, 3));
        drop(held);
    }

    #[test]
    fn there_is_never_more_than_room() {
        let mut slots = Slots::default();
        for user in 1..=3 * USERS as u64 {
            remember(&mut slots, user);
            assert!(slots.users.len() <= USERS);
        }
    }
}
