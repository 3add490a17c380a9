use std::time::Duration;

/// Whether a session may be started now (Gateway, "Session Start Limit Object").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Yes, and it is counted: IDENTIFY must follow at once.
    Granted {
        /// Starts left, the reserve included.
        remaining: u32,
    },
    /// Another one of the same key was started a moment ago: ask again then.
    Wait(Duration),
    /// The budget is used up down to the reserve.
    Exhausted {
        /// Until it is renewed.
        resets_in: Duration,
    },
    /// Nothing is known of the budget of today: nobody has told it, its period has ended, or the registry has forgotten
    /// it. Ask Discord, tell [`crate::GatewayRegistry::budget`], ask again.
    Untold,
}

/// The daily budget of session starts, as Discord tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Per day.
    pub total: u32,
    /// Left of today's.
    pub remaining: u32,
    /// Until `remaining` is `total` again; zero = no period has begun, so that one begins with the next start.
    pub resets_in: Duration,
}

/// The part of the total that is kept back: one start in so many. Discord resets the token of a bot that uses up all.
pub(crate) const RESERVED: u32 = 20;

/// Two numbers whose periods end farther apart than this are of different periods: a period is a day, and an answer of
/// Discord is minutes old at most when it is told.
pub(crate) const SAME_PERIOD: Duration = Duration::from_hours(12);
