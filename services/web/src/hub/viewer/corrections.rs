//! Rooms are put right when everything else is told: those that came into sight since the cursor, or went out of it.

use contracts::{ChannelId, Event, event::ResetReason};

use super::{
    super::{audience::Eyes, chunk::Pieces, line::Line, picture::Picture},
    Viewer,
    before::Before,
};

/// The rooms of one guild, as a browser knows them and as they are.
struct Screen<'a> {
    picture: &'a Picture,
    eyes: Eyes<'a>,
    before: &'a Before,
    /// What the guild was at the cursor of a browser that was told more than its rooms show.
    ahead: Option<Before>,
}

impl Viewer {
    /// Brings the rooms up to date of which more or less is in sight than at the cursor: by a snapshot, which a browser takes as
    /// a whole or not at all, where one was asked for, else room by room.
    pub(super) fn corrections(&mut self, line: &mut Line) -> Pieces {
        let mut pieces = self.pieces();
        let mut due = std::mem::take(&mut self.due);
        let mut events = Vec::new();
        for (guild, before) in &mut due.before {
            let Some(followed) = line.open(*guild) else {
                continue;
            };
            // The picture has moved on since: what it was at the cursor, those changes say too.
            let Some(later) = followed.journal.after(due.upto) else {
                return self.begin_again(ResetReason::Trimmed, line);
            };
            let mut ahead = due.ahead.remove(guild);
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
            before.was(&eyes, before.cursor(), due.upto);
            if let Some(ahead) = &mut ahead {
                ahead.was(&eyes, ahead.cursor(), due.upto);
            }
            let screen = Screen {
                picture: &followed.picture,
                eyes,
                before,
                ahead,
            };
            for room in before.rooms(&followed.picture) {
                let told = due.told.get(&(*guild, room)).copied();
                let back = due.back.contains(&(*guild, room)) && screen.knew(before, room);
                let stale = back || due.missed.contains(&(*guild, room));
                events.extend(screen.correction(room, told, stale));
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
}

impl Screen<'_> {
    /// What puts a room right of which the last event said whether it is there; a stale one is not as it is on the screen.
    fn correction(&self, room: ChannelId, told: Option<bool>, stale: bool) -> Vec<Event> {
        let seen = self.picture.is_open(room) && self.eyes.view(room);
        let knew = self.knew(self.before, room);
        if self.is_doubtful(room) {
            let knew = knew
                || self
                    .ahead
                    .as_ref()
                    .is_some_and(|ahead| self.knew(ahead, room));
            return self.again(room, knew || seen, seen);
        }
        match (told.unwrap_or(knew), seen) {
            (true, true) if stale => self.again(room, true, true),
            (true, true) | (false, false) => Vec::new(),
            (known, seen) => self.again(room, known, seen),
        }
    }

    /// Takes a room away and brings it back, or one of both.
    fn again(&self, room: ChannelId, vanishes: bool, appears: bool) -> Vec<Event> {
        let there = self.picture.standing_channel(room).is_some();
        let vanished = vanishes.then(|| self.picture.vanished(room, there));
        let appeared = appears.then(|| self.picture.appeared(room));
        vanished
            .into_iter()
            .chain(appeared.into_iter().flatten())
            .collect()
    }

    /// Whether nobody can tell if a room is on the screen: what was told ahead of the rooms may have been judged by a sight that
    /// the user had neither at the rooms' place nor has now.
    fn is_doubtful(&self, room: ChannelId) -> bool {
        let ahead = self.ahead.as_ref();
        ahead.is_some_and(|ahead| {
            let differs = self.knew(ahead, room) != self.knew(self.before, room);
            let changed = ahead.may_have_changed(room) && !ahead.is_new(room);
            changed || differs && !self.before.is_new(room)
        })
    }

    fn knew(&self, then: &Before, room: ChannelId) -> bool {
        then.saw(self.picture, &self.eyes, room)
    }
}
