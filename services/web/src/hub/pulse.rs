//! The tick: an id that the replica draws from the clock and sends to itself through the live channel.
//!
//! What comes back says that everything up to it has arrived: it moves the cursors of those for whom nothing else happens.
//! What does not come back, although the bus took it, says that the live channel is broken where nothing else would show it.

use std::time::Duration;

use contracts::EventId;
use tokio::time::Instant;

/// How often a tick is sent.
pub(crate) const EVERY: Duration = Duration::from_secs(2);

/// How long a tick may be on its way after the bus took it.
const RETURN: Duration = Duration::from_secs(5);

/// So many ticks in a row that did not come back say that it will not mend by itself.
const MISSES: u32 = 2;

/// What is known of the way from the bus to this replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Health {
    /// No tick has come back yet.
    #[default]
    Starting,
    /// Everything arrives.
    Ready,
    /// The bus does not answer.
    Away,
    /// Entries were missed and are not read from the log yet.
    Repairing,
    /// The bus answers, but ticks do not come back.
    Detached,
}

impl Health {
    /// All of them, for a metric per state.
    pub(crate) const ALL: [Self; 5] = [
        Self::Starting,
        Self::Ready,
        Self::Away,
        Self::Repairing,
        Self::Detached,
    ];

    /// The name, as metrics have it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Away => "away",
            Self::Repairing => "repairing",
            Self::Detached => "detached",
        }
    }
}

/// The ticks of one replica: one is on its way at a time.
#[derive(Debug)]
pub(crate) struct Pulse {
    way: Way,
    /// The highest tick that came back.
    seen: EventId,
    /// Whether another one is wanted as soon as this one is back.
    wanted: bool,
    health: Health,
    /// Ticks in a row that did not come back.
    missed: u32,
}

/// Where the tick is.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// There is none.
    Home,
    /// The bus was asked for it.
    Asked { since: Instant, void: bool },
    /// The bus took it.
    Sent { id: EventId, since: Instant },
}

/// What has to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Ask the bus for a tick.
    Send,
    /// Nothing: one is on its way.
    Wait,
    /// It should have come back long ago: the live channel is broken.
    Lost,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            way: Way::Home,
            seen: EventId::ZERO,
            wanted: false,
            health: Health::Starting,
            missed: 0,
        }
    }
}

impl Pulse {
    /// What the ticks say: never [`Health::Repairing`].
    pub(crate) fn health(&self) -> Health {
        self.health
    }

    /// It is time for a tick. [`Beat::Send`] has to be followed by [`Pulse::answered`].
    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        match self.way {
            Way::Home => {
                self.wanted = false;
                self.way = Way::Asked {
                    since: now,
                    void: false,
                };
                Beat::Send
            }
            Way::Sent { since, .. } if now.duration_since(since) >= RETURN => {
                self.way = Way::Home;
                self.missed += 1;
                if self.missed >= MISSES {
                    self.health = Health::Detached;
                }
                Beat::Lost
            }
            Way::Asked { .. } | Way::Sent { .. } => Beat::Wait,
        }
    }

    /// Somebody needs a tick: one that is drawn from now on.
    pub(crate) fn want(&mut self, now: Instant) -> Beat {
        self.wanted = true;
        match self.way {
            Way::Home => self.beat(now),
            _ => Beat::Wait,
        }
    }

    /// Whether another tick is wanted and none is on its way.
    pub(crate) fn is_due(&self) -> bool {
        self.wanted && matches!(self.way, Way::Home)
    }

    /// The bus answered with the tick's id, or not at all. How long the tick was on its way, if it is back.
    pub(crate) fn answered(&mut self, id: Option<EventId>, now: Instant) -> Option<Duration> {
        let Way::Asked { since, void } = self.way else {
            return None;
        };
        self.way = Way::Home;
        match id {
            None => {
                if self.health != Health::Starting {
                    self.health = Health::Away;
                }
                self.wanted = false;
                None
            }
            Some(_) if void => None,
            Some(id) if id <= self.seen => Some(self.returned(since, now)),
            Some(id) => {
                self.way = Way::Sent { id, since };
                None
            }
        }
    }

    /// A tick came back. How long it was on its way, if the bus had answered before.
    pub(crate) fn came(&mut self, id: EventId, now: Instant) -> Option<Duration> {
        self.seen = self.seen.max(id);
        match self.way {
            Way::Sent { id, since } if id <= self.seen => {
                self.way = Way::Home;
                Some(self.returned(since, now))
            }
            _ => None,
        }
    }

    /// The live channel was interrupted: a tick that is on its way may have been lost with the rest.
    pub(crate) fn interrupted(&mut self) {
        self.way = match self.way {
            Way::Asked { since, .. } => Way::Asked { since, void: true },
            Way::Home | Way::Sent { .. } => Way::Home,
        };
    }

    fn returned(&mut self, since: Instant, now: Instant) -> Duration {
        self.missed = 0;
        self.health = Health::Ready;
        now.duration_since(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> EventId {
        EventId::new(ms, 0)
    }

    #[test]
    fn a_tick_may_come_back_before_or_after_the_answer() {
        let (mut pulse, start) = (Pulse::default(), Instant::now());
        let later = start + Duration::from_millis(3);
        assert_eq!(pulse.health(), Health::Starting);
        assert_eq!(pulse.beat(start), Beat::Send);
        assert_eq!(pulse.beat(later), Beat::Wait);
        assert_eq!(pulse.answered(Some(id(5)), start), None);
        assert_eq!(pulse.health(), Health::Starting);
        assert_eq!(pulse.came(id(5), later), Some(Duration::from_millis(3)));
        assert_eq!(pulse.health(), Health::Ready);
        assert_eq!(pulse.beat(start), Beat::Send);
        assert_eq!(pulse.came(id(6), start), None);
        assert_eq!(
            pulse.answered(Some(id(6)), later),
            Some(Duration::from_millis(3))
        );
    }

    #[test]
    fn what_does_not_come_back_twice_is_a_broken_channel_until_one_comes_back() {
        let (mut pulse, start) = (Pulse::default(), Instant::now());
        for (miss, expected) in [(1, Health::Starting), (2, Health::Detached)] {
            assert_eq!(pulse.beat(start), Beat::Send);
            assert_eq!(pulse.answered(Some(id(miss)), start), None);
            assert_eq!(pulse.beat(start + RETURN / 2), Beat::Wait);
            assert_eq!(pulse.beat(start + RETURN), Beat::Lost);
            assert_eq!(pulse.health(), expected);
        }
        assert_eq!(pulse.beat(start), Beat::Send);
        pulse.answered(Some(id(9)), start);
        pulse.came(id(9), start);
        assert_eq!(pulse.health(), Health::Ready);
    }

    #[test]
    fn a_bus_that_does_not_answer_is_away_and_no_broken_channel() {
        let (mut pulse, start) = (Pulse::default(), Instant::now());
        pulse.beat(start);
        pulse.answered(None, start);
        assert_eq!(pulse.health(), Health::Starting);
        pulse.beat(start);
        pulse.answered(Some(id(1)), start);
        pulse.came(id(1), start);
        pulse.beat(start);
        pulse.answered(None, start + RETURN * 2);
        assert_eq!(pulse.health(), Health::Away);
        assert_eq!(pulse.beat(start), Beat::Send);
    }

    #[test]
    fn who_wants_a_tick_gets_one_that_was_drawn_later() {
        let (mut pulse, start) = (Pulse::default(), Instant::now());
        assert_eq!(pulse.want(start), Beat::Send);
        assert_eq!(pulse.want(start), Beat::Wait);
        pulse.answered(Some(id(1)), start);
        assert!(!pulse.is_due());
        pulse.came(id(1), start);
        assert!(pulse.is_due());
        assert_eq!(pulse.beat(start), Beat::Send);
        assert!(!pulse.is_due());
    }

    #[test]
    fn an_interruption_takes_the_tick_with_it() {
        let (mut pulse, start) = (Pulse::default(), Instant::now());
        pulse.beat(start);
        pulse.interrupted();
        assert_eq!(pulse.answered(Some(id(1)), start), None);
        assert_eq!(pulse.beat(start), Beat::Send);
        pulse.answered(Some(id(2)), start);
        pulse.interrupted();
        assert_eq!(pulse.beat(start + RETURN), Beat::Send);
    }
}
