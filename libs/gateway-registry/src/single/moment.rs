use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Now, by both clocks: what expires is judged by the one that never jumps, what is written down is of the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    /// Unix ms.
    pub(super) unix: u64,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self {
            instant: Instant::now(),
            unix: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as u64),
        }
    }
}
