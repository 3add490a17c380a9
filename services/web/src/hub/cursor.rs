use std::time::Duration;

use contracts::{EventId, event::ResetReason};

use super::Progress;

/// Where a browser wants to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// From now.
    Now,
    /// Where it was.
    After(Progress),
    /// It sent something that is none.
    Malformed,
}

impl Cursor {
    /// Reads a `Last-Event-ID`. An empty one counts as none (that is how EventSource forgets its cursor).
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "" => Self::Now,
            text => text.parse().map_or(Self::Malformed, Self::After),
        }
    }
}

/// What the log of a guild says about a cursor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    /// After which id it is wanted: the cursor, or where the user joined if that was later.
    pub(crate) after: EventId,
    /// The highest id that the log no longer holds; `None` = the guild is not stored.
    pub(crate) floor: Option<EventId>,
    /// The id of its last entry.
    pub(crate) last: EventId,
}

/// Why a cursor can't be continued, if it can't.
///
/// A cursor older than the retention is still good where nothing happened after it, and where all that happened is from before
/// the user joined: whoever was away as a member is told from then on.
pub(crate) fn verdict(
    cursor: EventId,
    clock: EventId,
    now_ms: u64,
    retention: Duration,
    guilds: &[Held],
) -> Option<ResetReason> {
    if cursor > clock {
        return Some(ResetReason::Future);
    }
    if guilds.iter().any(|guild| guild.floor.is_none()) {
        return Some(ResetReason::Epoch);
    }
    let retention = retention.as_millis() as u64;
    let old = |id: EventId| id.ms.saturating_add(retention) < now_ms;
    if guilds
        .iter()
        .any(|guild| old(guild.after) && guild.last > guild.after)
    {
        return Some(ResetReason::Expired);
    }
    guilds
        .iter()
        .any(|guild| guild.floor > Some(guild.after))
        .then_some(ResetReason::Trimmed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn id(ms: u64) -> EventId {
        EventId::new(ms, 0)
    }

    #[test]
    fn every_cursor_gets_its_verdict() {
        let since = |after, floor, last| Held {
            after: id(after),
            floor: Some(id(floor)),
            last: id(last),
        };
        let held = |floor, last| since(9_000_000, floor, last);
        let now = 10_000_000;
        let table = [
            (id(9_000_000), vec![held(1, 9_500_000)], None),
            (id(9_000_000), vec![held(9_000_000, 9_500_000)], None),
            (
                id(9_000_000),
                vec![held(1, 9_500_000), held(9_000_001, 9_500_000)],
                Some(ResetReason::Trimmed),
            ),
            (
                id(6_000_000),
                vec![since(6_000_000, 1, 9_500_000)],
                Some(ResetReason::Expired),
            ),
            (id(6_000_000), vec![since(6_000_000, 1, 5_000_000)], None),
            // Joined since, so that nothing older is wanted.
            (
                id(6_000_000),
                vec![since(9_000_000, 8_999_999, 9_500_000)],
                None,
            ),
            (
                id(6_000_000),
                vec![since(9_000_000, 9_000_001, 9_500_000)],
                Some(ResetReason::Trimmed),
            ),
            (
                id(5_000_000),
                vec![since(6_000_000, 1, 9_500_000)],
                Some(ResetReason::Expired),
            ),
            (
                id(9_900_001),
                vec![held(1, 9_500_000)],
                Some(ResetReason::Future),
            ),
            (
                id(9_000_000),
                vec![Held {
                    after: id(9_000_000),
                    floor: None,
                    last: EventId::ZERO,
                }],
                Some(ResetReason::Epoch),
            ),
            (id(9_000_000), vec![], None),
        ];
        for (cursor, guilds, expected) in table {
            assert_eq!(
                verdict(cursor, id(9_900_000), now, HOUR, &guilds),
                expected,
                "{cursor} {guilds:?}"
            );
        }
    }

    #[test]
    fn anything_that_is_no_id_is_told_apart_from_nothing() {
        assert_eq!(Cursor::parse(" "), Cursor::Now);
        assert_eq!(
            Cursor::parse("5-1"),
            Cursor::After(EventId::new(5, 1).into())
        );
        assert_eq!(Cursor::parse("five"), Cursor::Malformed);
    }

    proptest! {
        /// A cursor is continued exactly if everything after it is in the logs.
        #[test]
        fn a_cursor_is_continued_only_if_nothing_after_it_was_trimmed(
            cursor in 0..100u64, clock in 0..100u64, floors in prop::collection::vec((0..100u64, 0..100u64), 0..4),
        ) {
            let guilds: Vec<_> = floors
                .iter()
                .map(|(floor, last)| Held { after: id(cursor), floor: Some(id(*floor)), last: id(*last) })
                .collect();
            let outcome = verdict(id(cursor), id(clock), 100, HOUR, &guilds);
            let whole = cursor <= clock && floors.iter().all(|(floor, _)| *floor <= cursor);
            prop_assert_eq!(outcome.is_none(), whole);
        }
    }
}
