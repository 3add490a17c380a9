use std::collections::VecDeque;

use contracts::{Event, EventId, EventKind, MessageId, event::ResetReason};

use super::{
    Mask,
    audience::{Audience, Mark},
    frame::{Block, Frame},
};

/// Most frames that a ring keeps.
pub(crate) const RING_ENTRIES: usize = 4096;

/// The latest frames of one guild, the oldest first, and who may see which of them.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) audience: Audience,
    frames: VecDeque<Frame>,
    /// Place of the first frame; places are counted from the feed's opening.
    first: u64,
    bytes: usize,
    floor: EventId,
    /// Where the guild began anew, and why.
    restart: Option<(u64, ResetReason)>,
}

impl Ring {
    /// An empty ring that will hold everything after `floor`, which stood at an arrival number.
    pub(crate) fn new(floor: EventId, order: u64) -> Self {
        Self {
            audience: Audience::since(Mark::new(order, floor)),
            frames: VecDeque::new(),
            first: 0,
            bytes: 0,
            floor,
            restart: None,
        }
    }

    /// Everything of this guild with a higher id is in the ring.
    pub(crate) fn floor(&self) -> EventId {
        self.floor
    }

    /// Place of the oldest frame.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Place of the next frame to come.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// Bytes of all blocks.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The frames from a place on that have arrived up to an order number.
    pub(crate) fn from(&self, place: u64, upto: u64) -> impl Iterator<Item = (u64, &Frame)> {
        let skip = place.saturating_sub(self.first) as usize;
        (self.first + skip as u64..)
            .zip(self.frames.range(skip.min(self.frames.len())..))
            .take_while(move |(_, frame)| frame.reach.order <= upto)
    }

    /// Place of the first frame after an id.
    pub(crate) fn after(&self, id: EventId) -> u64 {
        self.first + self.frames.partition_point(|frame| frame.id <= id) as u64
    }

    /// Appends a frame and forgets the oldest beyond `limit` bytes or [`RING_ENTRIES`].
    pub(crate) fn push(&mut self, frame: Frame, limit: usize) {
        self.bytes += frame.block.len();
        self.frames.push_back(frame);
        while self.frames.len() > RING_ENTRIES || self.bytes > limit && self.frames.len() > 1 {
            let Some(old) = self.frames.pop_front() else {
                break;
            };
            self.first += 1;
            self.bytes -= old.block.len();
            self.floor = self.floor.max(old.id);
        }
    }

    /// Forgets everything: the guild begins anew after `floor`. No place handed out until now is good any more.
    pub(crate) fn restart(&mut self, floor: EventId, reason: ResetReason) {
        self.first = self.end() + 1;
        self.frames.clear();
        self.bytes = 0;
        self.floor = floor;
        self.restart = Some((self.first, reason));
    }

    /// Why nobody can go on from a place, if nobody can.
    pub(crate) fn void(&self, place: u64) -> Option<ResetReason> {
        let restart = self.restart.filter(|(first, _)| place < *first);
        restart.map(|(_, reason)| reason)
    }

    /// Leaves out an entry of which more would have to be told than fits: everybody reads the log from before it.
    pub(crate) fn skip(&mut self, id: EventId) {
        self.first = self.end() + 1;
        self.frames.clear();
        self.bytes = 0;
        self.floor = self.floor.max(id);
    }

    /// Takes the text of a deleted message out of the ring.
    pub(crate) fn redact(&mut self, message: MessageId) {
        for frame in &mut self.frames {
            if frame.message == Some(message) && frame.reach.mask != Mask::NONE {
                let block = redacted(frame);
                self.bytes = self.bytes - frame.block.len() + block.len();
                if block.len() == 0 {
                    frame.reach.mask = Mask::NONE;
                }
                frame.block = block;
                frame.message = None;
            }
        }
    }
}

/// The frame of a message without its text; empty if it can't be read.
fn redacted(frame: &Frame) -> Block {
    let created = frame.reach.mask.meets(Mask::of(EventKind::MessageCreated));
    let event = frame.block.payload().and_then(|json| {
        Some(if created {
            let mut payload: contracts::event::MessageCreated = serde_json::from_str(&json).ok()?;
            payload.content = None;
            payload.attachments.clear();
            Event::MessageCreated(payload)
        } else {
            let mut payload: contracts::event::MessageUpdated = serde_json::from_str(&json).ok()?;
            payload.content = None;
            payload.attachments.clear();
            Event::MessageUpdated(payload)
        })
    });
    event
        .and_then(|event| Block::of_event(&event, Some(frame.id)))
        .map(|block| block.at(frame.ts))
        .unwrap_or_default()
}
