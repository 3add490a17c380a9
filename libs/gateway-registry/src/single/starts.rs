use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::moment::Moment;
use crate::{
    Budget, LONGEST, Permit,
    start::{RESERVED, SAME_PERIOD},
};

/// The budget of session starts and when each key may start its next one.
#[derive(Debug, Default)]
pub(super) struct Starts {
    period: Option<Period>,
    /// Of keys that must wait only: at most one for each start of the budget.
    next: BTreeMap<u32, Instant>,
}

#[derive(Debug)]
struct Period {
    total: u32,
    remaining: u32,
    ends: Instant,
}

impl Starts {
    pub(super) fn budget(&mut self, told: Budget, now: Moment) {
        let told = Period::told(told, now);
        self.period = Some(match self.running(now) {
            Some(known) if told.ends <= known.ends + SAME_PERIOD => Period {
                total: told.total,
                remaining: told.remaining.min(known.remaining),
                // each is late by the time that it took to be told
                ends: told.ends.min(known.ends),
            },
            _ => told,
        });
    }

    pub(super) fn permit(&mut self, key: u32, interval: Duration, now: Moment) -> Permit {
        self.next.retain(|_, at| *at > now.instant);
        let next = self.next.get(&key).copied();
        let Some(period) = self.running(now) else {
            return Permit::Untold;
        };
        if period.remaining <= period.total / RESERVED {
            return Permit::Exhausted {
                resets_in: period.ends - now.instant,
            };
        }
        if let Some(next) = next {
            return Permit::Wait(next - now.instant);
        }
        period.remaining -= 1;
        let remaining = period.remaining;
        self.next.insert(key, now.instant + interval);
        Permit::Granted { remaining }
    }

    fn running(&mut self, now: Moment) -> Option<&mut Period> {
        self.period
            .as_mut()
            .filter(|period| period.ends > now.instant)
    }
}

impl Period {
    fn told(told: Budget, now: Moment) -> Self {
        let resets_in = if told.resets_in.is_zero() {
            LONGEST
        } else {
            told.resets_in.min(LONGEST)
        };
        Self {
            total: told.total,
            remaining: told.remaining,
            ends: now.instant + resets_in,
        }
    }
}
