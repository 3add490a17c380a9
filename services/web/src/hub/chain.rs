use contracts::EventId;
use event_bus::{Body, Entry, Position};

/// How far a guild has been applied on this replica.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain {
    /// The id of the last entry.
    pub(crate) last: EventId,
    /// Its position in Discord's stream.
    pub(crate) position: Position,
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
    /// Entries before it are missing.
    Hole,
    /// The guild was written anew.
    Reseeded,
    /// The log is not the one that was followed until now: entries seen are gone from it, or their ids were given again.
    Rewound,
}

impl Chain {
    /// Before everything.
    pub(crate) const START: Self = Self {
        last: EventId::ZERO,
        position: Position {
            generation: 0,
            seq: 0,
            part: 0,
        },
    };

    /// Judges an entry. Duplicates are told by position, never by id alone: after Redis fell back to an older state, ids come twice.
    pub(crate) fn admit(&self, entry: &Entry) -> Admission {
        let (id, last) = (entry.id, self.last);
        if !entry.logged() {
            return if id > last {
                Admission::Hole
            } else {
                Admission::Passing
            };
        }
        if id <= last {
            return if entry.position <= self.position {
                Admission::Duplicate
            } else {
                Admission::Rewound
            };
        }
        if matches!(entry.body, Body::Reseed) {
            return Admission::Reseeded;
        }
        match entry.previous.cmp(&last) {
            std::cmp::Ordering::Equal => Admission::Next,
            std::cmp::Ordering::Greater => Admission::Hole,
            std::cmp::Ordering::Less => Admission::Rewound,
        }
    }

    /// Steps to an entry.
    pub(crate) fn step(&mut self, entry: &Entry) {
        self.last = self.last.max(entry.id);
        self.position = self.position.max(entry.position);
    }
}

#[cfg(test)]
mod tests {
    use contracts::{GuildId, UserId, state::AudienceChange};

    use super::*;

    fn entry(previous: u64, id: u64, seq: u64, body: Body) -> Entry {
        Entry {
            guild: GuildId::new(1),
            id: EventId::new(id, 0),
            previous: EventId::new(previous, 0),
            position: Position {
                generation: 1,
                seq,
                part: 0,
            },
            body,
        }
    }

    #[test]
    fn every_place_of_an_entry_is_told_apart() {
        let chain = Chain {
            last: EventId::new(10, 0),
            position: Position {
                generation: 1,
                seq: 5,
                part: 0,
            },
        };
        let change = || Body::Audience(AudienceChange::MemberGone(UserId::new(1)));
        let table = [
            (entry(10, 11, 6, change()), Admission::Next),
            (entry(10, 11, 5, change()), Admission::Next), // the second entry of one change
            (entry(9, 10, 5, change()), Admission::Duplicate),
            (entry(2, 3, 1, change()), Admission::Duplicate),
            (entry(11, 12, 7, change()), Admission::Hole),
            (entry(9, 11, 6, change()), Admission::Rewound),
            (entry(8, 9, 6, change()), Admission::Rewound),
            (entry(0, 11, 6, Body::Reseed), Admission::Reseeded),
            (entry(0, 10, 5, Body::Reseed), Admission::Duplicate),
        ];
        for (entry, expected) in table {
            assert_eq!(chain.admit(&entry), expected, "{entry:?}");
        }
    }
}
