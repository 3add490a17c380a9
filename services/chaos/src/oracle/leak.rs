//! What a browser must not be told.

use super::{
    judge::Court,
    model::Emitted,
    payload::Payload,
    told::{Kind, Told},
    verdict::Verdict,
};

/// How long a browser that reads at once may take to read what was sent to it, in µs.
const READ_WITHIN: u64 = 2_000_000;

impl Court<'_> {
    /// Whether an event that came is older than the membership of the person who got it: nobody is told what was before. A
    /// replica that has not heard of a return, nor of the kick before it, still tells of the membership that was.
    pub(super) fn is_before(&self, emitted: &Emitted, at: u64) -> bool {
        let guild = emitted.told.key.guild;
        let heard = self.known.everywhere(guild, at.saturating_sub(READ_WITHIN));
        let joined = self.model.joined(guild, self.user, heard);
        self.profile.slow.is_none() && joined.is_some_and(|joined| emitted.n < joined)
    }

    /// Whether it happened between a kick and the return, and is told to nobody who was away, however late.
    pub(super) fn is_outside(&self, emitted: &Emitted) -> bool {
        let guild = emitted.told.key.guild;
        let kicked = self.model.kicked(guild, self.user);
        let span = (emitted.n.saturating_sub(1), emitted.n);
        kicked.is_some_and(|kicked| emitted.n > kicked)
            && !(self.model.sights).ever(self.user, guild, emitted.told.key.kind, span)
            && !self.is_announced(emitted.at_micros)
    }

    /// Whether what came may have been a later event that is the same: whoever was kicked joins again and again.
    pub(super) fn has_later_twin(&self, emitted: &Emitted, at: u64) -> bool {
        let key = &emitted.told.key;
        let mut others = self.model.emitted(key.guild).iter();
        others.any(|other| {
            other.n > emitted.n
                && other.told.key == *key
                && other.at_micros <= at
                && !self.is_before(other, at)
                && !self.is_outside(other)
        })
    }

    /// Rooms that come and go are told as a whole and not compared one by one; but whatever is told of one, it was to be seen
    /// after some dispatch between the latest message that came before and this moment.
    pub(super) fn rooms_in_sight(&self, guild: u64, verdict: &mut Verdict) {
        let emitted = self.model.emitted(guild).iter();
        let written = emitted.filter(|emitted| emitted.told.key.kind == Kind::MessageCreated);
        let written: std::collections::HashMap<u64, u64> = written
            .map(|emitted| (emitted.told.key.subject, emitted.n))
            .collect();
        let mut floor = 0;
        for arrival in &self.record.arrivals {
            let at = arrival.at_micros;
            match &*arrival.payload {
                Payload::Told(told) if told.key.guild == guild => {
                    let n = written.get(&told.key.subject).copied();
                    match n.filter(|_| told.key.kind == Kind::MessageCreated) {
                        Some(n) => floor = floor.max(n),
                        None => self.room_in_sight(told, (floor, at), verdict),
                    }
                }
                Payload::Snapshot(guilds) => {
                    let ours = guilds.iter().filter(|(id, _)| *id == guild);
                    for room in ours.flat_map(|(_, rooms)| rooms.keys()) {
                        self.in_sight(*room, (floor, at), "the snapshot", verdict);
                    }
                }
                _ => {}
            }
        }
    }

    fn room_in_sight(&self, told: &Told, span: (u64, u64), verdict: &mut Verdict) {
        let key = &told.key;
        // That it is gone is told to those who can see it no more.
        let about = key.kind.is_about_rooms() && key.kind != Kind::RoomDeleted;
        if about && self.model.sights.steady(self.user, key.channel).is_none() {
            self.in_sight(key.channel, span, &key.to_string(), verdict);
        }
    }

    fn in_sight(&self, room: u64, (floor, at): (u64, u64), what: &str, verdict: &mut Verdict) {
        let span = (floor.saturating_sub(1), self.model.newest_at(at));
        if !(self.model.sights).ever(self.user, room, Kind::RoomCreated, span) {
            verdict.leaked += 1;
            let (who, at) = (self.profile.describe(), self.place(at));
            verdict.note(|| format!("{who}: room {room} is not to be seen: {what} {at}"));
        }
    }

    /// No byte of a stream names a channel, or a message in one, that this person could never see until then. A category is told
    /// to whoever sees a room in it.
    pub(super) fn hidden_names(&self, verdict: &mut Verdict) {
        let sights = &self.model.sights;
        for arrival in &self.record.arrivals {
            let span = (0, self.model.newest_at(arrival.at_micros));
            for id in arrival.ids.iter().copied() {
                let (channel, kind) = match self.model.channel_of(id) {
                    Some(channel) => (channel, Kind::MessageCreated),
                    None => (id, Kind::RoomCreated),
                };
                if sights.knows(self.user, channel)
                    && !sights.ever(self.user, channel, kind, span)
                    && !self.model.is_category(channel)
                {
                    verdict.leaked += 1;
                    let (who, at) = (self.profile.describe(), self.place(arrival.at_micros));
                    verdict.note(|| format!("{who}: names {id}, which is hidden {at}"));
                }
            }
        }
    }
}
