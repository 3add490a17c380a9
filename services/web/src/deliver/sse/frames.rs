use std::time::Duration;

use bytes::Bytes;
use contracts::event::{Unavailable, UnavailableReason};

use crate::{deliver::retry_ms, hub::Block};

/// A comment that keeps proxies from closing an idle connection.
pub(super) const PING: &[u8] = b": ping\n\n";

/// The first block of a stream: when to come back, up to so much later than usual.
pub(super) fn retry(late: Duration) -> Bytes {
    format!("retry: {}\n\n", retry_ms(late)).into()
}

/// The last blocks of a stream that ends for a passing reason.
pub(super) fn farewell(reason: UnavailableReason, late: Duration) -> Bytes {
    let json = serde_json::to_string(&Unavailable { reason }).unwrap_or_default();
    let mut text = Vec::from(retry(late));
    text.extend_from_slice(&Block::encode("unavailable", None, &json).bytes(false));
    text.into()
}
