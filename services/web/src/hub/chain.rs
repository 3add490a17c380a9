use contracts::EventId;
use event_bus::{Body, Entry, Position};

/// How far a guild has been applied on this replica.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain {
    /// The id of the last entry.
    pub(crate) last: EventId,
    /// Its position in Discord's stream.
    position: Position,
    /// How many entries of that position were applied.
    count: u32,
    /// While the publisher repeats what it published before: how many entries of that position came again.
    again: Option<u32>,
    /// The position of the last event that the log does not keep.
    passed: Position,
}

/// What an entry is to a replica that stands at a certain place of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The next one.
    Next,
    /// Not kept in the log; nothing before it is missing.
    Passing,
    /// Applied earlier.
    Duplicate,
    /// Applied earlier under another id: it was published again after the bus had lost it.
    Repeated,
    /// Entries before it are missing.
    Hole,
    /// The guild was written anew.
    Reseeded,
    /// The log is not the one that was followed until now: what was seen is gone from it and something else came instead.
    Rewound,
}

/// Before every position.
const NOWHERE: Position = Position {
    generation: 0,
    seq: 0,
    part: 0,
};

impl Chain {
    /// Before everything.
    pub(crate) const START: Self = Self {
        last: EventId::ZERO,
        position: NOWHERE,
        count: 0,
        again: None,
        passed: NOWHERE,
    };

    /// At the end of a state that holds a position whole.
    pub(crate) fn at(last: EventId, position: Position) -> Self {
        Self {
            last,
            position,
            count: u32::MAX,
            again: None,
            passed: position,
        }
    }

    /// Judges an entry. Duplicates are told by position, never by id alone: after Redis fell back to an older state, ids come
    /// twice, and what is published again may come with another id.
    pub(crate) fn admit(&self, entry: &Entry) -> Admission {
        if !entry.logged() {
            return if entry.id > self.last {
                Admission::Hole
            } else if entry.position <= self.passed {
                Admission::Duplicate
            } else {
                Admission::Passing
            };
        }
        if entry.id <= self.last {
            return if entry.position <= self.position {
                Admission::Duplicate
            } else {
                Admission::Rewound
            };
        }
        if matches!(entry.body, Body::Reseed) {
            return Admission::Reseeded;
        }
        if entry.previous > self.last {
            return Admission::Hole;
        }
        if entry.position < self.position || entry.position == self.position && self.repeats(entry)
        {
            return Admission::Repeated;
        }
        if entry.previous == self.last {
            Admission::Next
        } else {
            Admission::Rewound
        }
    }

    /// Whether an entry of the last position is one of those that were applied. What is published again stands on an entry
    /// before the last one, or follows one that does.
    fn repeats(&self, entry: &Entry) -> bool {
        let again = match self.again {
            None if entry.previous == self.last => return false,
            again => again.unwrap_or(0),
        };
        again < self.count
    }

    /// Steps to an entry that is the next one.
    pub(crate) fn step(&mut self, entry: &Entry) {
        self.last = entry.id;
        if entry.position > self.position {
            self.position = entry.position;
            self.count = 0;
            self.again = None;
        }
        self.count = self.count.saturating_add(1);
        self.again = self.again.map(|again| again.saturating_add(1));
    }

    /// Steps to the new id of an entry that was applied earlier.
    pub(crate) fn step_again(&mut self, entry: &Entry) {
        self.last = entry.id;
        let of_the_last = u32::from(entry.position == self.position);
        self.again = Some(self.again.unwrap_or(0).saturating_add(of_the_last));
    }

    /// Notes an event that the log does not keep.
    pub(crate) fn pass(&mut self, entry: &Entry) {
        self.passed = entry.position;
    }
}

#[cfg(test)]
mod tests {
    use contracts::{GuildId, UserId, state::AudienceChange};

    use super::*;

    fn position(seq: u64) -> Position {
        Position {
            generation: 1,
            seq,
            part: 0,
        }
    }

    fn entry(previous: u64, id: u64, seq: u64, body: Body) -> Entry {
        Entry {
            guild: GuildId::new(1),
            id: EventId::new(id, 0),
            previous: EventId::new(previous, 0),
            position: position(seq),
            body,
        }
    }

    fn change(previous: u64, id: u64, seq: u64) -> Entry {
        let body = Body::Audience(AudienceChange::MemberGone(UserId::new(1)));
        entry(previous, id, seq, body)
    }

    /// Takes entries as the follow loop does.
    fn take(chain: &mut Chain, entries: &[Entry]) -> Vec<Admission> {
        let judged = entries.iter().map(|entry| {
            let admission = chain.admit(entry);
            match admission {
                Admission::Next => chain.step(entry),
                Admission::Repeated => chain.step_again(entry),
                _ => {}
            }
            admission
        });
        judged.collect()
    }

    /// At id 10, position 5, of which one entry was applied.
    fn chain() -> Chain {
        let mut chain = Chain::at(EventId::new(9, 0), position(4));
        assert_eq!(take(&mut chain, &[change(9, 10, 5)]), [Admission::Next]);
        chain
    }

    #[test]
    fn every_place_of_an_entry_is_told_apart() {
        let table = [
            (change(10, 11, 6), Admission::Next),
            (change(10, 11, 5), Admission::Next), // the second entry of one change
            (change(9, 10, 5), Admission::Duplicate),
            (change(2, 3, 1), Admission::Duplicate),
            (change(11, 12, 7), Admission::Hole),
            (change(9, 11, 6), Admission::Rewound),
            (change(8, 9, 6), Admission::Rewound),
            (change(9, 11, 5), Admission::Repeated),
            (change(3, 11, 4), Admission::Repeated),
            (entry(0, 11, 6, Body::Reseed), Admission::Reseeded),
            (entry(0, 10, 5, Body::Reseed), Admission::Duplicate),
        ];
        for (entry, expected) in table {
            assert_eq!(chain().admit(&entry), expected, "{entry:?}");
        }
    }

    #[test]
    fn what_is_published_again_under_other_ids_is_passed_over_and_what_follows_is_not() {
        use Admission::{Hole, Next, Repeated};
        let mut chain = chain();
        // Positions 6 and 7 were seen, 7 with two of its three entries, when the bus fell back to id 9.
        let seen = [change(10, 11, 6), change(11, 12, 7), change(12, 13, 7)];
        assert_eq!(take(&mut chain, &seen), [Next; 3]);
        let again = [
            change(9, 20, 5),
            change(20, 21, 6),
            change(21, 22, 7),
            change(22, 23, 7),
            change(23, 24, 7),
            change(24, 25, 8),
            change(26, 27, 9),
        ];
        let expected = [Repeated, Repeated, Repeated, Repeated, Next, Next, Hole];
        assert_eq!(take(&mut chain, &again), expected);
        assert_eq!(chain.last, EventId::new(25, 0));
    }

    #[test]
    fn a_position_of_which_the_state_was_read_is_repeated_whole() {
        let mut chain = Chain::at(EventId::new(10, 0), position(5));
        let again = [change(8, 20, 5), change(20, 21, 5), change(21, 22, 6)];
        let expected = [Admission::Repeated, Admission::Repeated, Admission::Next];
        assert_eq!(take(&mut chain, &again), expected);
    }
}
