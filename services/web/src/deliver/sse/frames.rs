use std::time::Duration;

use bytes::Bytes;
use contracts::event::{Unavailable, UnavailableReason};
use rand::Rng;

use crate::hub::Block;

/// When browsers come back after a stream broke off: somewhere between, so that they do not all come at once.
const RETRY_MS: (u64, u64) = (1_000, 5_000);

/// A comment that keeps proxies from closing an idle connection.
pub(super) const PING: &[u8] = b": ping\n\n";

/// The first block of a stream: when to come back, up to so much later than usual.
pub(super) fn retry(late: Duration) -> Bytes {
    let latest = RETRY_MS.1 + late.as_millis() as u64;
    let ms = rand::rng().random_range(RETRY_MS.0..=latest);
    format!("retry: {ms}\n\n").into()
}

/// The last blocks of a stream that ends for a passing reason.
pub(super) fn farewell(reason: UnavailableReason, late: Duration) -> Bytes {
    let json = serde_json::to_string(&Unavailable { reason }).unwrap_or_default();
    let mut text = Vec::from(retry(late));
    text.extend_from_slice(&Block::encode("unavailable", None, &json).bytes(false));
    text.into()
}

/// The name of a reason, as in the block.
pub(super) fn name(reason: UnavailableReason) -> &'static str {
    match reason {
        UnavailableReason::Draining => "draining",
        UnavailableReason::Overload => "overload",
        UnavailableReason::Bus => "bus",
    }
}

/// A random part of a window.
pub(super) fn within(window: Duration) -> Duration {
    window.mul_f64(rand::rng().random_range(0.0..1.0))
}
