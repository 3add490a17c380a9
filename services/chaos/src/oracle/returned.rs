//! What somebody is told who was kicked and is back.

use super::{
    judge::Court,
    payload::Payload,
    told::{Key, Kind},
};

impl Court<'_> {
    /// Whether somebody who was kicked is told of a room, or of a person in it, that came and changed before it was noticed that
    /// they are back: once, as it had been at some time until then.
    pub(super) fn is_of_return(&self, key: &Key, at: u64) -> bool {
        let kicked = self.model.kicked(key.guild, self.user);
        let since = self.model.sights.since(self.user, key.channel);
        let until = self.model.newest_at(at);
        let mut emitted = self.model.emitted(key.guild).iter();
        kicked.is_some_and(|kicked| since.is_some_and(|since| since > kicked))
            && self.is_told_once(key)
            && emitted.any(|one| one.n <= until && is_as_changed(key, &one.told.key))
    }

    /// A room is told to be there once; of a person the same is told once.
    fn is_told_once(&self, key: &Key) -> bool {
        let mut like_it = self.record.arrivals.iter().filter(|arrival| {
            let Payload::Told(told) = &*arrival.payload else {
                return false;
            };
            let same = (told.key.kind, told.key.channel, told.key.subject)
                == (key.kind, key.channel, key.subject);
            same && (key.kind == Kind::RoomCreated || told.key.detail == key.detail)
        });
        like_it.next().is_some() && like_it.next().is_none()
    }
}

/// Whether what came says that something is there as this change left it.
fn is_as_changed(came: &Key, change: &Key) -> bool {
    let about_the_same = (came.channel, came.subject) == (change.channel, change.subject);
    about_the_same
        && match (came.kind, change.kind) {
            (Kind::RoomCreated, Kind::RoomUpdated) => came.detail == change.detail,
            (Kind::VoiceJoined, Kind::VoiceUpdated) => {
                let name = came.detail.strip_suffix(&change.detail);
                name.is_some_and(|name| name.ends_with(' '))
            }
            _ => false,
        }
}
