//! The way of a frame to its viewers, as one span of its trace: how many, how many bytes, the first and the last write.
//!
//! Only a frame whose trace is kept has one. The frame carries it to the connections; each that has written the frame says so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use contracts::{Envelope, EventId};
use parking_lot::Mutex;
use telemetry::{BEGIN, SPAN};
use tracing::{Span, debug_span, field::Empty};

/// Frames whose writes are waited for at a time; of further ones it is only said for how many viewers they were.
const MOST_OPEN: usize = 64;

/// How long the last write is waited for: a viewer may have gone, or read the log instead.
const LONGEST: Duration = Duration::from_secs(5);

/// An entry has come, with the trace of its change; none if that is not kept.
pub(crate) fn receive(envelope: &Envelope, id: EventId) -> Span {
    telemetry::continued(envelope.trace.as_deref(), || {
        debug_span!(
            target: BEGIN,
            "replica.receive",
            otel.kind = "consumer",
            messaging.system = "fanfare",
            messaging.operation.name = "receive",
            messaging.operation.type = "receive",
            messaging.destination.name = %format_args!("guild/{}", envelope.guild_id),
            messaging.destination.template = "guild/{guild_id}",
            messaging.message.id = %id,
            messaging.message.body.size = envelope.payload.get().len(),
            fanfare.guild_id = %envelope.guild_id,
            fanfare.event = envelope.event.name(),
        )
    })
}

/// A frame on its way out.
#[derive(Debug)]
pub(crate) struct FanOut {
    /// Open until the last write.
    span: Mutex<Option<Span>>,
    begun: Instant,
    /// The same moment by the wall clock.
    at: SystemTime,
    bytes: u64,
    /// Viewers for whom it is.
    viewers: AtomicU64,
    /// Viewers to whom it was written.
    written: AtomicU64,
    /// Microseconds until the first and the last write.
    first: AtomicU64,
    last: AtomicU64,
}

impl FanOut {
    /// A frame of so many bytes was appended; `None` if the entry that it comes from is not traced.
    pub(super) fn begin(received: &Span, bytes: usize) -> Option<Arc<Self>> {
        if received.is_disabled() {
            return None;
        }
        let span = received.in_scope(|| {
            debug_span!(
                target: SPAN,
                "fan-out",
                otel.kind = "producer",
                fanfare.frame_bytes = bytes,
                fanfare.viewers = Empty,
                fanfare.written = Empty,
                fanfare.written_bytes = Empty,
                fanfare.first_write_us = Empty,
                fanfare.last_write_us = Empty,
                fanfare.complete = Empty,
            )
        });
        Some(Arc::new(Self {
            span: Mutex::new(Some(span)),
            begun: Instant::now(),
            at: SystemTime::now(),
            bytes: bytes as u64,
            viewers: AtomicU64::new(u64::MAX),
            written: AtomicU64::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
        }))
    }

    /// A connection has written the frame.
    pub(crate) fn written(&self) {
        let after = self.begun.elapsed().as_micros() as u64;
        self.first.fetch_min(after, Ordering::AcqRel);
        self.last.fetch_max(after, Ordering::AcqRel);
        let written = self.written.fetch_add(1, Ordering::AcqRel) + 1;
        if written == self.viewers.load(Ordering::Acquire) {
            self.end();
        }
    }

    /// For so many viewers it is. To be said before any of them may take it.
    fn is_for(&self, viewers: u64) {
        self.viewers.store(viewers, Ordering::Release);
    }

    fn is_over(&self) -> bool {
        self.span.lock().is_none()
    }

    fn end(&self) {
        let Some(span) = self.span.lock().take() else {
            return;
        };
        let (viewers, written) = (
            self.viewers.load(Ordering::Acquire),
            self.written.load(Ordering::Acquire),
        );
        if viewers != u64::MAX {
            span.record("fanfare.viewers", viewers);
        }
        span.record("fanfare.written", written);
        span.record("fanfare.written_bytes", written * self.bytes);
        span.record("fanfare.complete", written >= viewers);
        if written == 0 {
            return;
        }
        let moments = [
            ("first write", "fanfare.first_write_us", &self.first),
            ("last write", "fanfare.last_write_us", &self.last),
        ];
        for (what, attribute, after) in moments {
            let after = after.load(Ordering::Acquire);
            span.record(attribute, after);
            telemetry::happened(&span, what, self.at + Duration::from_micros(after));
        }
    }
}

impl Drop for FanOut {
    /// Nobody will take it any more.
    fn drop(&mut self) {
        self.end();
    }
}

/// The frames whose last write is waited for.
#[derive(Debug, Default)]
pub(crate) struct FanOuts(Mutex<Vec<Arc<FanOut>>>);

impl FanOuts {
    /// Waits for a frame's writes, if there are any to wait for and not too many frames wait already.
    pub(super) fn wait_for(&self, fan_out: Arc<FanOut>, viewers: u64) {
        fan_out.is_for(viewers);
        let mut open = self.0.lock();
        if viewers == 0 || open.len() >= MOST_OPEN {
            fan_out.end();
        } else {
            open.push(fan_out);
        }
    }

    /// Ends what has taken too long, and forgets what is over.
    pub(super) fn sweep(&self) {
        self.0.lock().retain(|fan_out| {
            if fan_out.begun.elapsed() >= LONGEST {
                fan_out.end();
            }
            !fan_out.is_over()
        });
    }

    /// Ends all of them: this replica stops.
    pub(super) fn end(&self) {
        for fan_out in self.0.lock().drain(..) {
            fan_out.end();
        }
    }
}

/// The frames that a connection has taken and not yet written.
#[derive(Debug, Default)]
pub(crate) struct Unwritten(Vec<Arc<FanOut>>);

impl Unwritten {
    /// Takes what a chunk brings.
    pub(crate) fn add(&mut self, taken: Vec<Arc<FanOut>>) {
        if !taken.is_empty() {
            self.0.extend(taken);
        }
    }

    /// Everything that was taken is written.
    pub(crate) fn written(&mut self) {
        for fan_out in self.0.drain(..) {
            fan_out.written();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fan_out() -> Arc<FanOut> {
        Arc::new(FanOut {
            span: Mutex::new(Some(Span::none())),
            begun: Instant::now(),
            at: SystemTime::now(),
            bytes: 100,
            viewers: AtomicU64::new(u64::MAX),
            written: AtomicU64::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
        })
    }

    #[test]
    fn it_is_over_with_the_last_write() {
        let (fan_outs, frame) = (FanOuts::default(), fan_out());
        fan_outs.wait_for(Arc::clone(&frame), 2);
        let mut connection = Unwritten::default();
        connection.add(vec![Arc::clone(&frame)]);
        frame.written();
        assert!(!frame.is_over());
        connection.written();
        assert!(frame.is_over());
        connection.written();
        assert_eq!(frame.written.load(Ordering::Acquire), 2);
        assert!(frame.first.load(Ordering::Acquire) <= frame.last.load(Ordering::Acquire));
        fan_outs.sweep();
        assert_eq!(fan_outs.0.lock().len(), 0);
    }

    #[test]
    fn nobody_is_waited_for_where_nobody_watches_or_too_much_waits() {
        let fan_outs = FanOuts::default();
        let alone = fan_out();
        fan_outs.wait_for(Arc::clone(&alone), 0);
        assert!(alone.is_over());
        let frames: Vec<_> = (0..=MOST_OPEN).map(|_| fan_out()).collect();
        for frame in &frames {
            fan_outs.wait_for(Arc::clone(frame), 1);
        }
        let over: Vec<_> = frames.iter().map(|frame| frame.is_over()).collect();
        assert_eq!(over.iter().filter(|over| **over).count(), 1);
        assert!(over[MOST_OPEN]);
        fan_outs.end();
        assert!(frames.iter().all(|frame| frame.is_over()));
    }
}
