use std::time::Instant;

use contracts::{ChannelId, EventId, EventKind};

use super::{
    super::{
        Mask,
        chunk::Pieces,
        frame::{Block, Frame},
    },
    Taken, Viewer,
    catch_up::Past,
};

/// Most bytes that are written at once.
pub(super) const CHUNK: usize = 64 << 10;

/// Most frames that are looked up in one ring at a time.
const FRAMES: usize = 256;

/// A frame that waits, taken out of the ring.
struct Waiting {
    seat: usize,
    place: u64,
    id: EventId,
    order: u64,
    ts: u64,
    appended: Instant,
    live_only: bool,
    /// The room that it brings or takes away.
    room: Option<(ChannelId, bool)>,
    block: Block,
}

/// How far a ring was looked through.
struct Scan {
    next: u64,
    whole: bool,
}

impl Viewer {
    /// Takes what has arrived up to an order number, merged over all guilds by id. Never past that number: another ring might
    /// then be behind, and the cursor would skip what is still to come there.
    pub(super) fn drain(&mut self, upto: u64, limit: usize) -> Taken {
        if self.past.is_some() {
            return Taken::Behind;
        }
        let mut waiting = Vec::new();
        let mut scans = Vec::with_capacity(self.seats.len());
        let mut safe = EventId::MAX;
        for index in 0..self.seats.len() {
            if let Some(scan) = self.scan(index, upto, limit, &mut waiting) {
                if !scan.whole {
                    let last = waiting
                        .last()
                        .map_or(EventId::ZERO, |frame: &Waiting| frame.id);
                    safe = safe.min(last);
                }
                scans.push(scan);
            } else {
                self.past = Some(Past::default());
                return Taken::Behind;
            }
        }
        if self.seats.len() > 1 {
            waiting.sort_by_key(|frame| (frame.id, frame.order));
        }
        self.pass_on(&waiting, &scans, safe, limit)
    }

    /// Looks through one ring; `None` if it no longer reaches back to the seat.
    fn scan(
        &mut self,
        index: usize,
        upto: u64,
        limit: usize,
        waiting: &mut Vec<Waiting>,
    ) -> Option<Scan> {
        let seat = &self.seats[index];
        let ring = seat.feed.ring.read();
        if let Some(reason) = ring.void(seat.next) {
            self.due.reset = Some(reason);
            self.hold = true;
            let next = ring.end();
            return Some(Scan { next, whole: true });
        }
        if seat.next < ring.first() {
            return None;
        }
        let (mut next, mut found, mut bytes) = (seat.next, 0, 0);
        // Whoever sits here was introduced; it is forgotten only after it left.
        let eyes = ring.audience.eyes(self.user)?;
        for (place, frame) in ring.from(seat.next, upto) {
            if frame.reach.order < eyes.since() {
                return None;
            }
            let through = seat.through.max(seat.told);
            if wanted(frame, self.mask, through) && eyes.see(&frame.reach) {
                if found == FRAMES && limit == CHUNK || bytes >= limit {
                    return Some(Scan { next, whole: false });
                }
                found += 1;
                bytes += frame.block.len();
                waiting.push(Waiting {
                    seat: index,
                    place,
                    id: frame.id,
                    order: frame.reach.order,
                    ts: frame.ts,
                    appended: frame.appended,
                    live_only: live_only(frame),
                    room: frame.reach.room(),
                    block: frame.block.clone(),
                });
            }
            next = place + 1;
        }
        Some(Scan { next, whole: true })
    }

    fn pass_on(
        &mut self,
        waiting: &[Waiting],
        scans: &[Scan],
        safe: EventId,
        limit: usize,
    ) -> Taken {
        let mut pieces = self.pieces();
        let mut passed = 0;
        for frame in waiting {
            if frame.id > safe || passed > 0 && pieces.len() + frame.block.len() > limit {
                break;
            }
            self.emit(
                &frame.block,
                frame.id,
                frame.ts,
                frame.live_only,
                &mut pieces,
            );
            if let Some((room, there)) = frame.room.filter(|_| self.hold) {
                let guild = self.seats[frame.seat].feed.guild;
                self.due.told.insert((guild, room), there);
                self.due.missed.remove(&(guild, room));
                if there {
                    self.due.back.insert((guild, room));
                }
            }
            let seat = &mut self.seats[frame.seat];
            seat.next = frame.place + 1;
            seat.seen = seat.seen.max(frame.id);
            passed += 1;
        }
        if passed > 0 {
            pieces.since = waiting.first().map(|oldest| oldest.appended);
        }
        if passed == waiting.len() && scans.iter().all(|scan| scan.whole) {
            for (seat, scan) in self.seats.iter_mut().zip(scans) {
                seat.next = scan.next;
            }
            self.pay(&mut pieces);
        }
        pieces.chunk().map_or(Taken::Nothing, Taken::Chunk)
    }

    /// Writes a block. An id that is not above the last one written is left out (a late arrival after a repair), so that the
    /// browser's cursor never goes back.
    pub(super) fn emit(
        &mut self,
        block: &Block,
        id: EventId,
        ts: u64,
        live_only: bool,
        pieces: &mut Pieces,
    ) {
        if block.has_id() && id > self.sent.told {
            self.reach(id);
            if self.hold {
                pieces.event_at(block, self.sent, ts);
            } else {
                pieces.event(block, true, ts);
            }
            self.owed = None;
            return;
        }
        pieces.event(block, false, ts);
        if !live_only && id > self.sent.told {
            self.owed = Some(id);
        }
    }

    /// The browser is as far as this id now, and its rooms are unless something is due.
    fn reach(&mut self, id: EventId) {
        self.sent.told = id;
        if !self.hold {
            self.sent.rooms = id;
        }
    }

    /// Moves the browser's cursor past an entry that was told whole, but without its id.
    pub(super) fn pay(&mut self, pieces: &mut Pieces) {
        let Some(id) = self.owed.take() else {
            return;
        };
        let sent = self.sent;
        let catches_up = !self.hold && !sent.is_even() && id == sent.told;
        if id > sent.told || catches_up {
            self.reach(id);
            pieces.cursor(self.sent);
        }
    }
}

fn wanted(frame: &Frame, mask: Mask, through: EventId) -> bool {
    mask.meets(frame.reach.mask) && (frame.id > through || live_only(frame))
}

fn live_only(frame: &Frame) -> bool {
    frame.reach.mask == Mask::of(EventKind::TypingStarted)
}
