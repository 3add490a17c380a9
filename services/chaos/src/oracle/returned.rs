//! What somebody is told who was kicked and is back.

use super::{
    judge::Court,
    payload::Payload,
    told::{Key, Kind},
};
use crate::browser::Arrival;

impl Court<'_> {
    /// Whether somebody who was kicked is told of a room that was made and changed before it was noticed that they are back: once,
    /// as it had been at some time until then.
    pub(super) fn is_of_return(&self, key: &Key, at: u64) -> bool {
        let kicked = self.model.kicked(key.guild, self.user);
        let since = self.model.sights.since(self.user, key.channel);
        let until = self.model.newest_at(at);
        let mut emitted = self.model.emitted(key.guild).iter();
        let told = |arrival: &&Arrival| matches!(&*arrival.payload, Payload::Told(told) if told.key.kind == Kind::RoomCreated && told.key.channel == key.channel);
        key.kind == Kind::RoomCreated
            && kicked.is_some_and(|kicked| since.is_some_and(|since| since > kicked))
            && self.record.arrivals.iter().filter(told).count() == 1
            && emitted.any(|one| {
                let mut own = one.told.key.clone();
                let changed = own.kind == Kind::RoomUpdated;
                own.kind = Kind::RoomCreated;
                changed && one.n <= until && own == *key
            })
    }
}
