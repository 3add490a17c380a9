use std::{
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Numbered events at an even rate: what the simulator emits and every stream must see.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The first number.
    pub(crate) from: u64,
    /// How many events.
    pub(crate) count: u64,
    /// Events a second.
    pub(crate) rate: u32,
    begin: OnceLock<u64>,
}

impl Plan {
    pub(crate) fn new(from: u64, count: u64, rate: u32) -> Self {
        Self {
            from,
            count,
            rate,
            begin: OnceLock::new(),
        }
    }

    /// Says when the simulator began (Unix µs).
    pub(crate) fn begin(&self, micros: u64) {
        // A plan begins once; the first word holds.
        let _ = self.begin.set(micros);
    }

    /// Whether it is known when it began.
    pub(crate) fn begun(&self) -> bool {
        self.begin.get().is_some()
    }

    /// The place of a number in the plan; `None` = it is none of this plan's.
    pub(crate) fn place(&self, number: u64) -> Option<usize> {
        let place = number.checked_sub(self.from)?;
        (place < self.count).then_some(place as usize)
    }

    /// When the event at this place is due (Unix µs); `None` = it is not known yet when the plan began.
    pub(crate) fn due(&self, place: usize) -> Option<u64> {
        let begin = self.begin.get()?;
        Some(begin + place as u64 * 1_000_000 / u64::from(self.rate))
    }

    /// How long it takes by schedule.
    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs_f64(self.count as f64 / f64::from(self.rate))
    }
}

/// Unix µs now.
pub(crate) fn now_micros() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_due_at_an_even_rate() {
        let plan = Plan::new(101, 300, 100);
        assert_eq!((plan.due(0), plan.begun()), (None, false));
        plan.begin(1_000_000);
        assert_eq!(
            (plan.due(0), plan.due(50)),
            (Some(1_000_000), Some(1_500_000))
        );
        assert_eq!(
            (
                plan.place(100),
                plan.place(101),
                plan.place(400),
                plan.place(401)
            ),
            (None, Some(0), Some(299), None)
        );
        assert_eq!(plan.length(), Duration::from_secs(3));
    }
}
