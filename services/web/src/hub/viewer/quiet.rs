use contracts::{
    Event, EventId,
    event::{Reset, ResetReason},
};
use event_bus::BusError;

use super::{
    super::{
        Mask,
        chunk::{Chunk, Pieces},
        frame::Block,
        line::Line,
        snapshot,
    },
    Taken, Viewer,
};

impl Viewer {
    /// Tells what is due, at a moment when all guilds stand at one id.
    pub(super) async fn tell_due(&mut self) -> Result<Option<Chunk>, BusError> {
        let (hub, guilds) = (self.hub.clone(), self.guilds());
        let mut told = None;
        let level = hub.level_when(|line| {
            let even = line.is_even(&guilds);
            if even {
                told = self.due_now(line);
            }
            even
        });
        level
            .await
            .map_err(|away| BusError::Unavailable(Box::new(away)))?;
        Ok(told)
    }

    fn due_now(&mut self, line: &mut Line) -> Option<Chunk> {
        if self.due.reset.is_none() {
            match self.drain(line.order, usize::MAX) {
                Taken::Nothing => {}
                Taken::Chunk(chunk) => return Some(chunk),
                Taken::Behind => return None,
            }
        }
        let pieces = match self.due.reset {
            Some(reason) => self.begin_again(reason, line),
            None => self.corrections(line),
        };
        pieces.chunk()
    }

    /// Everything is void: a `reset`, where asked for a new snapshot, and on from here.
    pub(in super::super) fn begin_again(&mut self, reason: ResetReason, line: &mut Line) -> Pieces {
        self.past = None;
        self.hold = false;
        self.owed = None;
        self.due.reset = None;
        self.due.before.clear();
        self.due.told.clear();
        self.due.missed.clear();
        self.due.back.clear();
        self.due.ahead.clear();
        for seat in &mut self.seats {
            seat.next = seat.feed.ring.read().end();
            if let Some(followed) = line.open(seat.feed.guild) {
                seat.through = followed.chain.last;
                seat.seen = seat.through;
                seat.told = EventId::ZERO;
            }
        }
        self.hub.inner.metrics.reset(reason);
        let mut pieces = self.pieces();
        let json = serde_json::to_string(&Reset { reason }).unwrap_or_default();
        pieces.event(&Block::encode("reset", None, &json), false, 0);
        self.start(line, &mut pieces);
        pieces
    }

    /// Where asked for the snapshot, and the id from which the stream goes on.
    pub(in super::super) fn start(&mut self, line: &mut Line, pieces: &mut Pieces) {
        let id = self.complete(line);
        self.sent = id.into();
        if self.wants_snapshot {
            let json = snapshot::render(line, &self.guilds(), self.user, &self.hub.inner.cdn);
            pieces.event(&Block::encode("snapshot", Some(id), &json), true, 0);
        } else {
            pieces.cursor(id.into());
        }
    }

    /// Writes an event of our own, without id.
    pub(super) fn tell(&self, event: &Event, pieces: &mut Pieces) {
        if self.mask.meets(Mask::of(event.kind()))
            && let Some(block) = Block::of_event(event, None)
        {
            pieces.event(&block, false, 0);
        }
    }

    /// Moves an idle browser's cursor on: everything up to the id is complete and was looked at.
    pub(crate) fn idle(&mut self) -> Taken {
        if self.past.is_some() || self.hold || self.due.reset.is_some() || self.seats.is_empty() {
            return Taken::Nothing;
        }
        let hub = self.hub.clone();
        let mut line = hub.inner.line.lock();
        match self.drain(line.order, super::drain::CHUNK) {
            Taken::Nothing if line.up && self.due.reset.is_none() => {}
            taken => return taken,
        }
        let mut pieces = self.pieces();
        self.owed = self.owed.max(Some(self.complete(&mut line)));
        self.pay(&mut pieces);
        pieces.chunk().map_or(Taken::Nothing, Taken::Chunk)
    }
}
