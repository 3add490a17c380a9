use std::time::Duration;

use crate::ShardId;

/// Hears what happens on a shard, so that metrics stay out of the protocol.
pub trait Observer: Send + Sync + 'static {
    /// Something happened. Called from the shard's own loop: it must not block.
    fn observe(&self, shard: ShardId, fact: Fact);
}

/// Nobody listens.
impl Observer for () {
    fn observe(&self, _: ShardId, _: Fact) {}
}

/// Something that happened on a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A message of the Gateway came.
    FrameReceived {
        /// Bytes on the wire.
        wire: usize,
        /// Bytes after decompression.
        plain: usize,
    },
    /// A dispatch was handed over.
    DispatchAccepted {
        /// Discord's name of the event.
        event: &'static str,
    },
    /// A dispatch of a type that is not carried passed by.
    DispatchPassed,
    /// A dispatch came again after a resume and was dropped.
    DispatchRepeated,
    /// The payload of a carried type could not be read, and was skipped.
    DispatchUndecodable,
    /// IDENTIFY was sent.
    Identified,
    /// RESUME was sent.
    Resumed,
    /// A heartbeat was acknowledged after this time.
    HeartbeatAcknowledged {
        /// From sending to the acknowledgement.
        latency: Duration,
    },
    /// A connection ended or could not be made.
    Disconnected {
        /// Why, as one of a fixed set of names.
        cause: &'static str,
    },
    /// The dispatch queue is full: what comes is discarded until half of it is free, and then
    /// replayed.
    QueueFull,
    /// A dispatch was discarded for lack of room. A resume brings it again.
    DispatchDiscarded,
}
