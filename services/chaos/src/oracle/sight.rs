//! Who may see what: Discord's rules for somebody who has only the @everyone role, over time.

use std::collections::HashMap;

use super::told::Kind;

/// Discord's permission bits (Discord, "Permissions").
const ADMINISTRATOR: u64 = 1 << 3;
const VIEW_CHANNEL: u64 = 1 << 10;
const CONNECT: u64 = 1 << 20;

/// What @everyone may see of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sight {
    /// The channel, and the people in a room.
    pub(super) view: bool,
    /// What is written in it.
    pub(super) text: bool,
}

impl Sight {
    /// By the permissions of @everyone and its overwrite in the channel.
    pub(super) fn of(everyone: u64, (allow, deny): (u64, u64), room: bool) -> Self {
        if everyone & ADMINISTRATOR != 0 {
            return Self {
                view: true,
                text: true,
            };
        }
        let permissions = everyone & !deny | allow;
        let view = permissions & VIEW_CHANNEL != 0;
        let enter = permissions & CONNECT != 0;
        Self {
            view,
            text: view && (enter || !room),
        }
    }

    /// Whether an event of this kind may be received.
    pub(super) fn permits(self, kind: Kind) -> bool {
        if kind.is_about_rooms() {
            self.view
        } else {
            self.text
        }
    }
}

/// What @everyone could see of each channel, and since when (Unix µs). A channel that is gone keeps what it was.
#[derive(Debug, Clone, Default)]
pub(super) struct Sights {
    channels: HashMap<u64, Vec<(u64, Sight)>>,
}

impl Sights {
    /// From now on.
    pub(super) fn set(&mut self, channel: u64, at: u64, sight: Sight) {
        let history = self.channels.entry(channel).or_default();
        if history.last().is_none_or(|(_, last)| *last != sight) {
            history.push((at, sight));
        }
    }

    /// What it always was; `None` = it changed. Of a channel that was never there nothing is seen.
    pub(super) fn steady(&self, channel: u64) -> Option<Sight> {
        match self.channels.get(&channel).map(Vec::as_slice) {
            None | Some([]) => Some(Sight::default()),
            Some([(_, only)]) => Some(*only),
            Some(_) => None,
        }
    }

    /// Whether an event of this kind was permitted at some moment of this time.
    pub(super) fn ever(&self, channel: u64, kind: Kind, from: u64, to: u64) -> bool {
        self.during(channel, from, to)
            .any(|sight| sight.permits(kind))
    }

    /// Whether an event of this kind was permitted all this time.
    pub(super) fn always(&self, channel: u64, kind: Kind, from: u64, to: u64) -> bool {
        let mut some = false;
        let all = self.during(channel, from, to).all(|sight| {
            some = true;
            sight.permits(kind)
        });
        all && some
    }

    fn during(&self, channel: u64, from: u64, to: u64) -> impl Iterator<Item = Sight> {
        let history = self.channels.get(&channel).map_or(&[][..], Vec::as_slice);
        history
            .iter()
            .enumerate()
            .filter_map(move |(index, (since, sight))| {
                let until = history.get(index + 1).map_or(u64::MAX, |(next, _)| *next);
                (*since <= to && until > from).then_some(*sight)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_follow_discords_rules() {
        let both = VIEW_CHANNEL | CONNECT;
        let sight = |view, text| Sight { view, text };
        assert_eq!(Sight::of(both, (0, 0), true), sight(true, true));
        assert_eq!(Sight::of(both, (0, CONNECT), true), sight(true, false));
        assert_eq!(Sight::of(both, (0, CONNECT), false), sight(true, true));
        assert_eq!(
            Sight::of(both, (0, VIEW_CHANNEL), true),
            sight(false, false)
        );
        assert_eq!(Sight::of(0, (both, both), true), sight(true, true));
        assert_eq!(Sight::of(ADMINISTRATOR, (0, both), true), sight(true, true));
    }

    #[test]
    fn a_change_is_seen_by_the_times_that_touch_it() {
        let (seen, hidden) = (Sight::of(VIEW_CHANNEL, (0, 0), false), Sight::default());
        let mut sights = Sights::default();
        sights.set(1, 0, seen);
        assert_eq!(sights.steady(1), Some(seen));
        assert_eq!(sights.steady(2), Some(hidden));
        sights.set(1, 100, hidden);
        sights.set(1, 200, seen);
        assert_eq!(sights.steady(1), None);
        let text = Kind::MessageCreated;
        assert!(sights.always(1, text, 0, 99));
        assert!(!sights.always(1, text, 0, 100));
        assert!(sights.ever(1, text, 99, 150));
        assert!(!sights.ever(1, text, 100, 199));
        assert!(sights.ever(1, text, 100, 200));
        assert!(
            !sights.always(2, text, 0, 1),
            "a channel that was never there"
        );
    }
}
