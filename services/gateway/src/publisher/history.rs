//! The changes that were published last, so that a store that forgot some can be told again.

use std::collections::{BTreeMap, VecDeque};

use contracts::{EventId, GuildId};
use event_bus::{Change, Position};

/// Changes that are kept; the oldest go first. A store that forgot more is written anew.
const CHANGES: usize = 4_096;
/// State operations and entries of all of them together.
const WEIGHT: usize = 50_000;

/// How many changes before the first that is known to be forgotten are told again too.
const REACH: usize = 256;

/// What was published, the oldest first, with the ids that it got.
#[derive(Debug, Default)]
pub(super) struct History {
    changes: VecDeque<Change>,
    weight: usize,
}

impl History {
    /// A change was published and its entries got these ids.
    pub(super) fn keep(&mut self, change: Change, ids: Vec<EventId>) {
        self.weight += weight(&change);
        self.changes.push_back(Change { ids, ..change });
        while self.changes.len() > CHANGES || self.weight > WEIGHT {
            let Some(oldest) = self.changes.pop_front() else {
                return;
            };
            self.weight -= weight(&oldest);
        }
    }

    /// Everything that was published, in all guilds, since about when a guild stood at this position;
    /// `None` = that is not known any more.
    ///
    /// A store that forgot what happened in one guild forgot what happened in the others at the same
    /// time. All of it is told again together and in order: an id that comes after a later one is lost.
    pub(super) fn since(&self, guild: GuildId, stored: Position) -> Option<Vec<Change>> {
        let first = self.changes.iter().position(|change| {
            change.guild == guild && !change.reseed && change.previous == Some(stored)
        })?;
        let first = first.saturating_sub(REACH);
        Some(self.changes.range(first..).cloned().collect())
    }

    /// The latest change of each guild among the last `most`, one a guild.
    pub(super) fn latest(&self, most: usize) -> Vec<Change> {
        let mut latest = BTreeMap::new();
        for change in self.changes.iter().rev().take(most) {
            latest.entry(change.guild).or_insert(change);
        }
        latest.into_values().cloned().collect()
    }

    /// A guild was written anew: what was published before does not lead there.
    pub(super) fn forget(&mut self, guild: GuildId) {
        self.changes.retain(|change| change.guild != guild);
        self.weight = self.changes.iter().map(weight).sum();
    }
}

/// What a change costs the bus, roughly.
pub(super) fn weight(change: &Change) -> usize {
    change.state.len() + change.entries.len() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUILD: GuildId = GuildId::new(1);
    const OTHER: GuildId = GuildId::new(2);

    fn at(seq: u64) -> Position {
        Position {
            generation: 1,
            seq,
            part: 0,
        }
    }

    fn change(guild: GuildId, previous: u64, seq: u64) -> Change {
        Change {
            guild,
            previous: Some(at(previous)),
            position: at(seq),
            reseed: false,
            state: Vec::new(),
            entries: Vec::new(),
            redact: Vec::new(),
            ids: Vec::new(),
        }
    }

    #[test]
    fn what_follows_a_position_is_told_with_its_ids_and_what_others_did_meanwhile() {
        let mut history = History::default();
        for seq in 2..=600 {
            let guild = if seq % 2 == 0 { GUILD } else { OTHER };
            history.keep(change(guild, seq - 2, seq), vec![EventId::new(seq, 0)]);
        }
        let since = history.since(GUILD, at(500)).unwrap();
        let positions: Vec<u64> = since.iter().map(|change| change.position.seq).collect();
        let first = 502 - REACH as u64;
        assert_eq!(positions, (first..=600).collect::<Vec<_>>());
        assert_eq!(since[0].ids, [EventId::new(first, 0)]);
        assert!(history.since(GUILD, at(501)).is_none());
        history.forget(GUILD);
        assert!(history.since(GUILD, at(500)).is_none());
        assert_eq!(history.latest(10).len(), 1);
    }

    #[test]
    fn it_is_bounded() {
        let mut history = History::default();
        for seq in 1..=CHANGES as u64 + 10 {
            history.keep(change(GUILD, seq - 1, seq), Vec::new());
        }
        assert_eq!(history.changes.len(), CHANGES);
        assert!(history.since(GUILD, at(9)).is_none());
        assert_eq!(history.since(GUILD, at(10)).unwrap().len(), CHANGES);
    }
}
