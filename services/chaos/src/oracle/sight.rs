//! What each person could see, over time.

use std::collections::HashMap;

use super::told::Kind;

/// What somebody may see of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sight {
    /// The channel, and the people in a room.
    pub(super) view: bool,
    /// What is written in it.
    pub(super) text: bool,
}

impl Sight {
    /// Whether an event of this kind may be received.
    pub(super) fn permits(self, kind: Kind) -> bool {
        if kind.is_about_rooms() {
            self.view
        } else {
            self.text
        }
    }
}

/// What each watcher could see of each channel, and since which dispatch. A guild stands here as a channel that its members
/// see. A channel that is gone goes on: its overwrites still decide about what happened in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Sights {
    history: HashMap<(u64, u64), Vec<(u64, Sight)>>,
}

impl Sights {
    /// From this dispatch on.
    pub(super) fn set(&mut self, user: u64, channel: u64, n: u64, sight: Sight) {
        let history = self.history.entry((user, channel)).or_default();
        if history.last().is_none_or(|(_, last)| *last != sight) {
            history.push((n, sight));
        }
    }

    /// Since which dispatches somebody saw a guild and a channel of it and did not, for findings.
    pub(super) fn told(&self, user: u64, guild: u64, channel: u64) -> String {
        let of = |channel| {
            let history = self.history.get(&(user, channel)).into_iter().flatten();
            let views = history.map(|(n, sight)| format!("{n}: {}", sight.view));
            views.collect::<Vec<_>>().join(", ")
        };
        format!("seen: [{}] in guild [{}]", of(channel), of(guild))
    }

    /// What it always was; `None` = it changed. Of a channel that was never there nothing is seen.
    pub(super) fn steady(&self, user: u64, channel: u64) -> Option<Sight> {
        match self.history.get(&(user, channel)).map(Vec::as_slice) {
            None | Some([]) => Some(Sight::default()),
            Some([(_, only)]) => Some(*only),
            Some(_) => None,
        }
    }

    /// By which dispatch a channel was first there for somebody, to be seen or not.
    pub(super) fn since(&self, user: u64, channel: u64) -> Option<u64> {
        let (n, _) = self.history.get(&(user, channel))?.first()?;
        Some(*n)
    }

    /// Whether it is a channel at all.
    pub(super) fn knows(&self, user: u64, channel: u64) -> bool {
        self.history.contains_key(&(user, channel))
    }

    /// Whether an event of this kind was permitted after some dispatch of these.
    pub(super) fn ever(&self, user: u64, channel: u64, kind: Kind, (from, to): (u64, u64)) -> bool {
        self.during(user, channel, from, to)
            .any(|sight| sight.permits(kind))
    }

    /// Whether an event of this kind was permitted after each dispatch of these.
    pub(super) fn always(
        &self,
        user: u64,
        channel: u64,
        kind: Kind,
        (from, to): (u64, u64),
    ) -> bool {
        let history = self.history.get(&(user, channel));
        let known = history.is_some_and(|history| history[0].0 <= from);
        known
            && self
                .during(user, channel, from, to)
                .all(|sight| sight.permits(kind))
    }

    fn during(&self, user: u64, channel: u64, from: u64, to: u64) -> impl Iterator<Item = Sight> {
        let history = self.history.get(&(user, channel));
        let history = history.map_or(&[][..], Vec::as_slice);
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
    fn a_change_is_seen_by_the_dispatches_that_touch_it() {
        let (seen, hidden) = (
            Sight {
                view: true,
                text: true,
            },
            Sight::default(),
        );
        let mut sights = Sights::default();
        sights.set(7, 1, 0, seen);
        assert_eq!(sights.steady(7, 1), Some(seen));
        assert_eq!(sights.steady(8, 1), Some(hidden), "somebody else");
        sights.set(7, 1, 100, hidden);
        sights.set(7, 1, 200, seen);
        assert_eq!(sights.steady(7, 1), None);
        let text = Kind::MessageCreated;
        assert!(sights.always(7, 1, text, (0, 99)));
        assert!(!sights.always(7, 1, text, (0, 100)));
        assert!(sights.ever(7, 1, text, (99, 150)));
        assert!(!sights.ever(7, 1, text, (100, 199)));
        assert!(sights.ever(7, 1, text, (100, 200)));
        assert!(!sights.always(7, 2, text, (0, 1)), "never there");
    }
}
