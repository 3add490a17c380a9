use contracts::{Envelope, EventId, EventKind, GuildId, state::AudienceChange};
use event_bus::{Body, BusError, Entry, Position};
use futures_util::future::try_join_all;

use super::{
    super::{
        Mask,
        chunk::{Chunk, Pieces},
        frame::Block,
        line::{Followed, Line},
        repair::{merged, safe, verdict},
    },
    Touched, Viewer,
    drain::CHUNK,
};

/// Entries read of one guild at a time.
const PAGE: usize = 256;

/// Catching up from the log: joining with an old cursor and falling off a ring are the same thing.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// How far is read for now; what comes later is in the rings.
    upto: Option<EventId>,
    /// Everything up to here of all guilds is handed out or passed over.
    after: EventId,
    /// Where it began.
    since: EventId,
    /// The rooms announced by a change whose own `room.created` may follow, and where that change stands.
    announced: Option<Position>,
}

impl Viewer {
    /// Reads and writes the next part of what was missed.
    pub(super) async fn catch_up(&mut self) -> Result<Option<Chunk>, BusError> {
        let Some(mut past) = self.past.take() else {
            return Ok(None);
        };
        let outcome = self.read_on(&mut past).await;
        let done = past.upto.is_some_and(|upto| past.after >= upto);
        if self.due.reset.is_none() && (outcome.is_err() || !done) {
            self.past = Some(past);
        }
        outcome
    }

    async fn read_on(&mut self, past: &mut Past) -> Result<Option<Chunk>, BusError> {
        let hub = self.hub.clone();
        let _permit = hub
            .inner
            .catch_ups
            .acquire()
            .await
            .map_err(|_| BusError::Closed)?;
        let upto = match past.upto {
            Some(upto) => upto,
            None => self.begin(past).await?,
        };
        if self.due.reset.is_some() {
            return Ok(None);
        }
        let after = past.after;
        let reads = self.seats.iter().map(|seat| {
            let own = after.max(seat.through);
            hub.inner.bus.read(seat.feed.guild, own, upto, PAGE)
        });
        let pages = try_join_all(reads).await?;
        hub.inner.metrics.log_reads(pages.len());
        let mut judged = pages.iter().zip(&self.seats);
        if let Some(reason) = judged.find_map(|(page, seat)| verdict(page, after.max(seat.through)))
        {
            self.due.reset = Some(reason);
            return Ok(None);
        }
        let safe = safe(pages.iter(), upto);
        let mut pieces = Pieces::default();
        past.after = safe;
        let mut line = hub.inner.line.lock();
        for entry in merged(pages.into_iter(), safe) {
            let id = entry.id;
            self.replay(&entry, past, &mut line, &mut pieces);
            if self.due.reset.is_some() {
                break;
            }
            if pieces.len() >= CHUNK {
                past.after = id;
                break;
            }
        }
        drop(line);
        if past.after >= upto {
            for seat in &mut self.seats {
                seat.through = seat.through.max(upto);
                seat.seen = seat.seen.max(upto);
            }
            self.pay(&mut pieces);
        }
        Ok(pieces.chunk())
    }

    /// Sits down at the ends of the rings at a moment when all guilds stand at one id: up to there the log is read, with the
    /// pictures at least as far; whatever comes later comes through the rings.
    async fn begin(&mut self, past: &mut Past) -> Result<EventId, BusError> {
        let (hub, guilds) = (self.hub.clone(), self.guilds());
        let mut upto = EventId::ZERO;
        let level = hub.level_when(|line| {
            if !line.is_even(&guilds) {
                return false;
            }
            upto = line.complete_for(&guilds);
            for seat in &mut self.seats {
                let ring = seat.feed.ring.read();
                if let Some(reason) = ring.void(seat.next) {
                    self.due.reset = Some(reason);
                }
                seat.next = ring.end();
            }
            true
        });
        level
            .await
            .map_err(|away| BusError::Unavailable(Box::new(away)))?;
        let mut after = EventId::MAX;
        for seat in &mut self.seats {
            seat.through = seat.through.max(seat.seen);
            after = after.min(seat.through);
        }
        past.after = after;
        past.since = after;
        past.upto = Some(upto);
        Ok(upto)
    }

    /// Hands out an entry of the log as the permissions stand now.
    fn replay(&mut self, entry: &Entry, past: &mut Past, line: &mut Line, pieces: &mut Pieces) {
        let Some(followed) = line.open(entry.guild) else {
            return;
        };
        match &entry.body {
            Body::Event(envelope) => {
                self.replay_event(envelope, entry.position, past, followed, pieces);
            }
            Body::Audience(change) => self.replay_change(change, entry, past, followed),
            Body::Reseed => {}
        }
    }

    fn replay_event(
        &mut self,
        envelope: &Envelope,
        position: Position,
        past: &mut Past,
        followed: &Followed,
        pieces: &mut Pieces,
    ) {
        let (kind, channel) = (envelope.event, envelope.channel_id);
        if kind == EventKind::RoomCreated && past.announced == Some(position) {
            // The change before it was the creation: the room is told by this event.
            self.due
                .touched
                .retain(|touched| Some(touched.room) != channel);
            self.hold = !self.due.touched.is_empty();
        }
        if let (EventKind::RoomDeleted, Some(room)) = (kind, channel) {
            self.due.touched.retain(|touched| touched.room != room);
            if followed.picture.sight(room).is_none() && self.mask.meets(Mask::of(kind)) {
                // Nobody knows any more who saw this room; staying silent would leave it on the screen for ever.
                self.hold = true;
                self.due.touched.push(Touched {
                    guild: envelope.guild_id,
                    room,
                    since: EventId::ZERO,
                });
                return;
            }
            if !followed.picture.shows(kind, channel) {
                // The bot itself lost sight of the room: who saw it until then is told when the replay is over.
                self.touch(envelope.guild_id, room, envelope.id, past.since, followed);
            }
        }
        if self.mask.meets(Mask::of(kind)) && followed.picture.shows(kind, channel) {
            let block = Block::encode(kind.name(), Some(envelope.id), envelope.payload.get());
            self.emit(&block, envelope.id, 0, false, pieces);
        }
    }

    fn replay_change(
        &mut self,
        change: &AudienceChange,
        entry: &Entry,
        past: &mut Past,
        followed: &Followed,
    ) {
        let guild = entry.guild;
        match change {
            AudienceChange::Channel(channel) if channel.is_room() => {
                past.announced = Some(entry.position);
                self.touch(guild, channel.id, entry.id, past.since, followed);
            }
            AudienceChange::Role(role) if role.id == guild.everyone() => {
                for room in followed.picture.room_ids() {
                    self.touch(guild, room, entry.id, past.since, followed);
                }
            }
            _ => {}
        }
    }

    fn touch(
        &mut self,
        guild: GuildId,
        room: contracts::ChannelId,
        id: EventId,
        since: EventId,
        followed: &Followed,
    ) {
        let known = id > followed.shifts_floor;
        let mut shifts = followed.shifts.iter();
        if known && !shifts.any(|shift| shift.room == room && shift.id == id) {
            return;
        }
        self.hold = true;
        if !self.due.touched.iter().any(|touched| touched.room == room) {
            self.due.touched.push(Touched {
                guild,
                room,
                since: if known { since } else { EventId::ZERO },
            });
        }
    }
}
