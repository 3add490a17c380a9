//! Repeated warnings and errors: a fault that lasts must not fill disks and hide everything else.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tracing::{Event, Level};
use tracing_log::NormalizeEvent as _;

/// So many lines of one place in the code are written at once …
const BURST: u32 = 10;
/// … and from then on one in this time. After ten of them without a line the place may burst again.
const PAUSE: Duration = Duration::from_secs(10);
/// Places that are remembered. Above it those that have been quiet are forgotten; if all are busy, further places are not limited.
const PLACES: usize = 1_024;

/// What one place in the code may still write.
#[derive(Debug)]
struct Place {
    /// Lines that may be written now.
    left: u32,
    /// Since when the next one is waited for; of no meaning while nothing is used up.
    since: Instant,
    /// Lines that were left out since the last one that was written.
    suppressed: u64,
}

/// Limits how often one place in the code writes a warning or an error. What is audited (sign-ins and those that failed, functions that were
/// called and refused, streams, changes of the filter) is told at info, and nothing of that is left out.
#[derive(Debug, Default)]
pub(super) struct Repetition {
    places: Mutex<HashMap<u64, Place>>,
}

impl Repetition {
    /// Whether an event may be written now, and how many of its kind were left out before it; `None` = it is left out.
    pub(super) fn admit(&self, event: &Event<'_>) -> Option<u64> {
        if *event.metadata().level() > Level::WARN {
            return Some(0);
        }
        self.count(place(event), Instant::now())
    }

    fn count(&self, place: u64, now: Instant) -> Option<u64> {
        let mut places = self.places.lock();
        if places.len() >= PLACES && !places.contains_key(&place) {
            places.retain(|_, place| now.duration_since(place.since) < PAUSE * BURST);
            if places.len() >= PLACES {
                return Some(0);
            }
        }
        let place = places.entry(place).or_insert(Place {
            left: BURST,
            since: now,
            suppressed: 0,
        });
        place.earn(now);
        if place.left == 0 {
            place.suppressed += 1;
            return None;
        }
        place.left -= 1;
        Some(std::mem::take(&mut place.suppressed))
    }
}

impl Place {
    /// One line for each pause since the last look, up to the burst.
    fn earn(&mut self, now: Instant) {
        let pauses = now.duration_since(self.since).as_secs() / PAUSE.as_secs();
        let earned = u32::try_from(pauses).unwrap_or(u32::MAX);
        if self.left.saturating_add(earned) >= BURST {
            self.left = BURST;
            self.since = now;
        } else {
            self.left += earned;
            self.since += PAUSE * earned;
        }
    }
}

/// Where in the code an event comes from. What libraries write through the `log` crate has one call site for all, so the line of the
/// source is taken instead.
fn place(event: &Event<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match event.normalized_metadata() {
        Some(log) => (log.target(), log.file(), log.line(), log.level()).hash(&mut hasher),
        None => event.metadata().callsite().hash(&mut hasher),
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds after the start, and what became of a line then.
    fn told(repetition: &Repetition, start: Instant, second: u64) -> Option<u64> {
        repetition.count(7, start + Duration::from_secs(second))
    }

    #[test]
    fn ten_at_once_then_one_in_ten_seconds_with_the_number_of_those_left_out() {
        let (repetition, start) = (Repetition::default(), Instant::now());
        for _ in 0..BURST {
            assert_eq!(told(&repetition, start, 0), Some(0));
        }
        for _ in 0..25 {
            assert_eq!(told(&repetition, start, 1), None);
        }
        assert_eq!(told(&repetition, start, 9), None);
        assert_eq!(told(&repetition, start, 10), Some(26));
        assert_eq!(told(&repetition, start, 19), None);
        assert_eq!(told(&repetition, start, 20), Some(1));
        assert_eq!(told(&repetition, start, 31), Some(0));
        // Quiet for long enough: a burst again, and not more.
        let again = (0..20).filter(|_| told(&repetition, start, 1_000).is_some());
        assert_eq!(again.count(), 10);
    }

    #[test]
    fn a_place_does_not_use_up_what_another_may_write() {
        let (repetition, now) = (Repetition::default(), Instant::now());
        for _ in 0..100 {
            repetition.count(1, now);
        }
        assert_eq!(repetition.count(1, now), None);
        assert_eq!(repetition.count(2, now), Some(0));
    }

    #[test]
    fn places_are_bounded_and_the_quiet_ones_make_room() {
        let (repetition, start) = (Repetition::default(), Instant::now());
        for place in 0..10_000 {
            assert_eq!(repetition.count(place, start), Some(0));
        }
        assert_eq!(repetition.places.lock().len(), PLACES);
        repetition.count(20_000, start + PAUSE * (BURST + 1));
        assert_eq!(repetition.places.lock().len(), 1);
    }
}
