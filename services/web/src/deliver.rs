//! How events reach browsers.

mod choice;
mod flow;
mod opening;
pub(crate) mod sse;
pub(crate) mod ws;

use std::time::Duration;

use rand::Rng;

/// When browsers come back after a stream broke off: somewhere between, so that they do not all come at once.
const RETRY_MS: (u64, u64) = (1_000, 5_000);

/// When one browser is to come back, in milliseconds, up to so much later than usual.
fn retry_ms(late: Duration) -> u64 {
    let latest = RETRY_MS.1 + late.as_millis() as u64;
    rand::rng().random_range(RETRY_MS.0..=latest)
}
