use contracts::{EventId, Signal};
use tokio::sync::mpsc;

use crate::{Delivery, Entry};

/// Entries that wait for a receiver; what comes on top is left out and told by [`Delivery::Interrupted`].
pub const DELIVERY_QUEUE: usize = 8_192;

/// The sending side of a subscription: a bounded queue whose last place is kept for [`Delivery::Interrupted`].
///
/// Once full, it ends with `Interrupted` and takes nothing more until the receiver has taken that: all that was left out
/// until then is in the log when the receiver reads it.
#[derive(Debug)]
pub(crate) struct Outlet {
    queue: mpsc::Sender<Delivery>,
    overflowed: bool,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    Queued,
    /// The queue is full; its last element is `Interrupted` now.
    Overflowed,
    /// It is full since earlier.
    LeftOut,
    /// Nobody receives any more.
    Gone,
}

impl Outlet {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Delivery>) {
        let (queue, deliveries) = mpsc::channel(DELIVERY_QUEUE + 1);
        let outlet = Self {
            queue,
            overflowed: false,
        };
        (outlet, deliveries)
    }

    pub(crate) fn entry(&mut self, entry: Entry) -> Offered {
        if self.queue.is_closed() {
            return Offered::Gone;
        }
        if self.overflowed {
            // `Interrupted` is the last element, so it was taken if and only if all was
            if self.queue.capacity() < self.queue.max_capacity() {
                return Offered::LeftOut;
            }
            self.overflowed = false;
        }
        if self.queue.capacity() > 1 {
            return self.send(Delivery::Entry(Box::new(entry)), Offered::Queued);
        }
        self.overflowed = true;
        self.send(Delivery::Interrupted, Offered::Overflowed)
    }

    /// Queues [`Delivery::Interrupted`], unless one waits at the end of a full queue.
    pub(crate) fn interrupt(&mut self) -> Offered {
        if self.overflowed && self.queue.capacity() < self.queue.max_capacity() {
            return Offered::LeftOut;
        }
        // the kept place may be what is taken here: then the queue ends with it
        self.overflowed = self.queue.capacity() == 1;
        self.send(Delivery::Interrupted, Offered::Queued)
    }

    /// Queues a tick if there is room: behind a full queue it would say more than was delivered.
    pub(crate) fn tick(&mut self, id: EventId) -> Offered {
        if self.overflowed && self.queue.capacity() < self.queue.max_capacity() {
            return Offered::LeftOut;
        }
        self.overflowed = false;
        if self.queue.capacity() > 1 {
            self.send(Delivery::Tick(id), Offered::Queued)
        } else {
            Offered::LeftOut
        }
    }

    /// Queues a signal if there is room.
    pub(crate) fn signal(&mut self, signal: Signal) -> Offered {
        if self.queue.is_closed() {
            return Offered::Gone;
        }
        if self.overflowed && self.queue.capacity() < self.queue.max_capacity() {
            return Offered::LeftOut;
        }
        self.overflowed = false;
        if self.queue.capacity() > 1 {
            self.send(Delivery::Signal(signal), Offered::Queued)
        } else {
            Offered::LeftOut
        }
    }

    /// Tells when nobody receives any more. Holds the queue open as long as it exists.
    pub(crate) fn receiver_gone(&self) -> mpsc::Sender<Delivery> {
        self.queue.clone()
    }

    pub(crate) async fn closed(&self) {
        self.queue.closed().await;
    }

    fn send(&self, delivery: Delivery, sent: Offered) -> Offered {
        match self.queue.try_send(delivery) {
            Ok(()) => sent,
            Err(_) => Offered::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use contracts::{EventId, GuildId};

    use super::*;
    use crate::{Body, Position};

    fn entry(n: u64) -> Entry {
        Entry {
            guild: GuildId::new(1),
            id: EventId::new(n, 0),
            previous: EventId::new(n - 1, 0),
            position: Position {
                generation: 1,
                seq: n,
                part: 0,
            },
            body: Body::Reseed,
        }
    }

    #[test]
    fn a_full_queue_ends_with_interrupted_and_goes_on_when_that_was_taken() {
        let (mut outlet, mut deliveries) = Outlet::new();
        for n in 1..=DELIVERY_QUEUE as u64 {
            assert_eq!(outlet.entry(entry(n)), Offered::Queued);
        }
        assert_eq!(outlet.entry(entry(9_000)), Offered::Overflowed);
        assert_eq!(outlet.entry(entry(9_001)), Offered::LeftOut);
        assert_eq!(outlet.interrupt(), Offered::LeftOut);
        for _ in 0..DELIVERY_QUEUE {
            assert!(matches!(deliveries.try_recv(), Ok(Delivery::Entry(_))));
            assert_eq!(outlet.entry(entry(9_002)), Offered::LeftOut);
        }
        assert!(matches!(deliveries.try_recv(), Ok(Delivery::Interrupted)));
        assert_eq!(outlet.entry(entry(9_003)), Offered::Queued);
        drop(deliveries);
        assert_eq!(outlet.entry(entry(9_004)), Offered::Gone);
    }

    #[test]
    fn an_interruption_may_take_the_kept_place() {
        let (mut outlet, mut deliveries) = Outlet::new();
        for n in 1..=DELIVERY_QUEUE as u64 {
            outlet.entry(entry(n));
        }
        assert_eq!(outlet.interrupt(), Offered::Queued);
        assert_eq!(outlet.entry(entry(9_001)), Offered::LeftOut);
        while deliveries.try_recv().is_ok() {}
        assert_eq!(outlet.interrupt(), Offered::Queued);
        assert_eq!(outlet.entry(entry(9_002)), Offered::Queued);
    }
}
