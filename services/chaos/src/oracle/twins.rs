//! Events that are the same: which of them did not come.

use super::model::Emitted;

/// When one of several came that are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Came {
    /// It is none that was emitted before this dispatch: what was lost before a hole did not come in it.
    pub(super) since: u64,
    /// Unix µs.
    pub(super) at: u64,
}

/// Those of the events that were owed and did not come, if as many of them came as may have. `owed`: the latest first, and so
/// is the answer.
pub(super) fn missing<'a>(owed: &[&'a Emitted], came: Vec<Came>) -> Vec<&'a Emitted> {
    let mut left = came;
    left.sort_unstable();
    let mut missing = Vec::new();
    for emitted in owed {
        // What an earlier one may have been too is left to it.
        let meant = |came: &Came| came.at >= emitted.at_micros && came.since <= emitted.n;
        match left.iter().rposition(meant) {
            Some(place) => drop(left.remove(place)),
            None => missing.push(*emitted),
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::told::{Key, Kind, Told};

    fn emitted(n: u64) -> Emitted {
        let key = Key {
            guild: 1,
            kind: Kind::VoiceJoined,
            channel: 2,
            subject: 3,
            detail: String::new(),
        };
        Emitted {
            n,
            at_micros: n * 10,
            told: Told { key, content: None },
            optional: false,
        }
    }

    /// The numbers of those that are missing, of owed ones and of what came at and since.
    fn of(owed: &[u64], came: &[(u64, u64)]) -> Vec<u64> {
        let owed: Vec<_> = owed.iter().rev().copied().map(emitted).collect();
        let came = came.iter().map(|(at, since)| Came {
            at: *at,
            since: *since,
        });
        let owed: Vec<_> = owed.iter().collect();
        let missing = missing(&owed, came.collect());
        missing.iter().map(|emitted| emitted.n).collect()
    }

    #[test]
    fn as_many_came_as_may_have() {
        assert_eq!(of(&[1, 2, 3], &[(11, 0), (21, 0), (31, 0)]), [0; 0]);
        assert_eq!(of(&[1, 2, 3], &[(11, 0), (31, 0)]), [2]);
        assert_eq!(of(&[5], &[(49, 0)]), [5], "before it happened");
        assert_eq!(of(&[5], &[(51, 6)]), [5], "in a hole after it");
        // What was paired with one that was in a hole may be the next one, and its own the one after that.
        assert_eq!(of(&[5, 6], &[(51, 2), (61, 0)]), [0; 0]);
        assert_eq!(of(&[], &[(1, 0)]), [0; 0]);
    }
}
