use std::sync::Arc;

use contracts::EventId;
use parking_lot::Mutex;

/// The highest id that this process has published or received: what it draws is above it, whatever Redis forgot.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<EventId>>);

impl Seen {
    pub(super) fn raise(&self, id: EventId) {
        let mut highest = self.0.lock();
        *highest = id.max(*highest);
    }

    pub(super) fn highest(&self) -> EventId {
        *self.0.lock()
    }
}
