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

    /// Brings the rooms up to date of which more or less is in sight than at the cursor: by a snapshot, which a browser takes as
    /// a whole or not at all, where one was asked for, else room by room.
    fn corrections(&mut self, line: &mut Line) -> Pieces {
        let mut pieces = self.pieces();
        let mut before = std::mem::take(&mut self.due.before);
        let told = std::mem::take(&mut self.due.told);
        let missed = std::mem::take(&mut self.due.missed);
        let mut ahead = std::mem::take(&mut self.due.ahead);
        let mut events = Vec::new();
        for (guild, before) in &mut before {
            let Some(followed) = line.open(*guild) else {
                continue;
            };
            // The picture has moved on since: what it was at the cursor, those changes say too.
            let Some(later) = followed.journal.after(self.due.upto) else {
                return self.begin_again(ResetReason::Trimmed, line);
            };
            let mut ahead = ahead.remove(guild);
            for change in later {
                before.note(change, self.user, None);
                if let Some(ahead) = &mut ahead {
                    ahead.note(change, self.user, None);
                }
            }
            let ring = followed.feed.ring.read();
            let Some(eyes) = ring.audience.eyes(self.user) else {
                continue;
            };
            before.was(&eyes, before.cursor(), self.due.upto);
            let picture = &followed.picture;
            if let Some(ahead) = &mut ahead {
                ahead.was(&eyes, ahead.cursor(), self.due.upto);
            }
            for room in before.rooms(picture) {
                let seen_now = picture.is_open(room) && eyes.view(room);
                let saw = before.saw(picture, &eyes, room);
                let ahead = ahead.as_ref();
                if let Some(ahead) =
                    ahead.filter(|ahead| ahead.doubts(before, picture, &eyes, room))
                {
                    if seen_now || saw || ahead.saw(picture, &eyes, room) {
                        let there = picture.standing_channel(room).is_some();
                        events.push(picture.vanished(room, there));
                    }
                    if seen_now {
                        events.extend(picture.appeared(room));
                    }
                    continue;
                }
                let told = told.get(&(*guild, room)).copied();
                let seen = told.unwrap_or(saw);
                match (seen, seen_now) {
                    (true, false) => {
                        let there = picture.standing_channel(room).is_some();
                        events.push(picture.vanished(room, there));
                    }
                    (false, true) => events.extend(picture.appeared(room)),
                    (true, true) if missed.contains(&(*guild, room)) => {
                        events.push(picture.vanished(room, true));
                        events.extend(picture.appeared(room));
                    }
                    _ => {}
                }
            }
        }
        if self.wants_snapshot {
            self.owed = None;
            self.start(line, &mut pieces);
        } else {
            for event in &events {
                self.tell(event, &mut pieces);
            }
            self.owed = self.owed.max(Some(self.complete(line)));
        }
        self.hold = false;
        self.pay(&mut pieces);
        pieces
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
