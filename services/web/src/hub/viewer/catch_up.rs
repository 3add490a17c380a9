use contracts::{ChannelId, Envelope, EventId, EventKind, GuildId, state::AudienceChange};
use event_bus::{Body, BusError, Entry, Position};
use futures_util::future::try_join_all;

use super::{
    super::{
        Mask,
        chunk::{Chunk, Pieces},
        frame::Block,
        line::{Followed, Line},
        repair::{merged, safe, verdict},
        words::may_be_late,
    },
    Seat, Viewer,
    before::Before,
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
    /// When the user joined each guild, in Unix ms, as it was known when the reading began.
    joined: Vec<Option<u64>>,
    /// The room whose deletion came last and could not be told, and by which change.
    untold: Option<(Position, ChannelId)>,
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
        let mut pieces = self.pieces();
        let mut line = hub.inner.line.lock();
        if past.joined != self.joined() {
            // Somebody who left, or came back, meanwhile: how far back may be told is to be found out anew.
            drop(line);
            self.read_again(past);
            return Ok(None);
        }
        past.after = safe;
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

    /// What happened before the user joined is not told, also where it was published later than Discord says the user joined.
    async fn begin_at_joinings(&mut self) -> Result<(), BusError> {
        for index in 0..self.seats.len() {
            let seat = &self.seats[index];
            let (guild, through) = (seat.feed.guild, seat.through);
            let joined = self.joined_here(seat);
            let Some(joined) = joined.filter(|joined| may_be_late(*joined, through)) else {
                continue;
            };
            let joining = self.hub.joining(guild, self.user, joined).await?;
            if let Some((_, before)) = joining.filter(|(id, _)| *id > through) {
                self.seats[index].through = through.max(before);
                self.is_new_to(guild);
            }
        }
        Ok(())
    }

    /// Sits down at the ends of the rings at a moment when all guilds stand at one id: up to there the log is read, with the
    /// pictures at least as far; whatever comes later comes through the rings.
    async fn begin(&mut self, past: &mut Past) -> Result<EventId, BusError> {
        let (hub, guilds) = (self.hub.clone(), self.guilds());
        let mut upto = EventId::ZERO;
        if !self.hold {
            self.due.before.clear();
            self.due.told.clear();
            self.due.missed.clear();
            self.due.back.clear();
        }
        past.joined = self.joined();
        let level = hub.level_when(|line| {
            let user = self.user;
            let mut seats = self.seats.iter();
            let settled = |seat: &Seat| seat.feed.ring.read().audience.is_settled(user);
            if !line.is_even(&guilds) || !seats.all(settled) {
                return false;
            }
            upto = line.complete_for(&guilds);
            let mut seats = self.seats.iter();
            let void = seats.any(|seat| seat.feed.ring.read().void(seat.next).is_some());
            if upto < self.sent.told && !void {
                // Another replica was ahead: what rooms are here is not yet what the browser was told.
                return false;
            }
            for seat in &mut self.seats {
                let ring = seat.feed.ring.read();
                if let Some(reason) = ring.void(seat.next) {
                    self.due.reset = Some(reason);
                }
                seat.next = ring.end();
                seat.through = seat.through.max(seat.seen);
                let Some(eyes) = ring.audience.eyes(user) else {
                    continue;
                };
                let before = self.due.before.entry(seat.feed.guild);
                let before = before.or_insert_with(|| Before::at(seat.through));
                self.hold |= before.was(&eyes, seat.through, upto);
                if seat.told > seat.through {
                    let ahead = self.due.ahead.entry(seat.feed.guild);
                    ahead.or_insert_with(|| Before::at(seat.told));
                }
            }
            true
        });
        level
            .await
            .map_err(|away| BusError::Unavailable(Box::new(away)))?;
        self.begin_at_joinings().await?;
        let mut after = EventId::MAX;
        for seat in &self.seats {
            after = after.min(seat.through);
        }
        past.after = after;
        self.due.upto = upto;
        past.upto = Some(upto);
        Ok(upto)
    }

    /// Begins again where everything is handed out.
    pub(super) fn read_again(&mut self, past: &mut Past) {
        for seat in &mut self.seats {
            seat.through = seat.through.max(past.after);
        }
        past.upto = None;
    }

    fn joined(&self) -> Vec<Option<u64>> {
        let seats = self.seats.iter();
        seats.map(|seat| self.joined_here(seat)).collect()
    }

    fn joined_here(&self, seat: &Seat) -> Option<u64> {
        let ring = seat.feed.ring.read();
        let eyes = ring.audience.eyes(self.user);
        eyes.map(|eyes| eyes.facts().from())
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
            Body::Audience(change) => self.replay_change(change, entry, past),
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
        let has = self.has(envelope.guild_id, envelope.id);
        let is_text = Mask::TEXT.meets(Mask::of(kind));
        let shows = followed.shows(self.user, kind, channel);
        if let Some(room) = channel.filter(|_| !shows && !is_text) {
            self.due.missed.insert((envelope.guild_id, room));
        }
        if let (EventKind::RoomCreated | EventKind::RoomDeleted, Some(room)) = (kind, channel) {
            let there = kind == EventKind::RoomCreated;
            if shows {
                let told = (envelope.guild_id, room);
                self.due.told.insert(told, there);
            } else if !there {
                past.untold = Some((position, room));
            }
        }
        if self.mask.meets(Mask::of(kind)) && shows && !has {
            let block = Block::encode(kind.name(), Some(envelope.id), envelope.payload.get())
                .at(envelope.ts);
            self.emit(&block, envelope.id, 0, false, pieces);
        }
    }

    fn replay_change(&mut self, change: &AudienceChange, entry: &Entry, past: &Past) {
        let untold = past
            .untold
            .filter(|(position, _)| *position == entry.position)
            .map(|(_, room)| room);
        let told = self.told_of(entry.guild);
        if let Some(before) = self.due.before.get_mut(&entry.guild)
            && before.note(change, self.user, untold)
        {
            self.hold = true;
        }
        if let Some(ahead) = self.due.ahead.get_mut(&entry.guild)
            && entry.id > told
        {
            ahead.note(change, self.user, None);
        }
    }

    /// Whether the browser has what happened in a guild at an id.
    fn has(&self, guild: GuildId, id: EventId) -> bool {
        self.told_of(guild) >= id
    }

    fn told_of(&self, guild: GuildId) -> EventId {
        let mut seats = self.seats.iter();
        let seat = seats.find(|seat| seat.feed.guild == guild);
        seat.map_or(EventId::ZERO, |seat| seat.told)
    }
}
