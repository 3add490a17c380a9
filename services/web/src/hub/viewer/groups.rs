use std::sync::Arc;

use super::{super::chunk::Chunk, Viewer};
use crate::membership::Standing;

impl Viewer {
    /// Follows what Discord says of the user: guilds gained are told and followed from now on, guilds lost are taken away; what
    /// has changed in the others is told with the next tick. The gained ones must be open.
    pub(crate) fn regroup(&mut self, standings: &[Standing]) -> Option<Chunk> {
        let mut pieces = self.pieces();
        let hub = self.hub.clone();
        let mut line = hub.inner.line.lock();
        let kept = |guild| standings.iter().any(|standing| standing.guild == guild);
        let lost: Vec<_> = self
            .seats
            .extract_if(.., |seat| !kept(seat.feed.guild))
            .collect();
        for seat in lost {
            seat.feed.leave(seat.slot);
            let guild = seat.feed.guild;
            self.due.before.remove(&guild);
            let Some(followed) = line.open(guild) else {
                continue;
            };
            for room in followed.rooms_of(self.user) {
                self.tell(&followed.picture.vanished(room, true), &mut pieces);
            }
        }
        let mut changed = self.past.is_some();
        for standing in standings {
            let Some((followed, settled)) = line.introduce(self.user, standing) else {
                continue;
            };
            if !settled {
                hub.inner.tick_wanted.notify_one();
            }
            let guild = standing.guild;
            if self.seats.iter().any(|seat| seat.feed.guild == guild) {
                continue;
            }
            for room in followed.rooms_of(self.user) {
                for event in followed.picture.appeared(room) {
                    self.tell(&event, &mut pieces);
                }
            }
            let (feed, last) = (Arc::clone(&followed.feed), followed.chain.last);
            self.sit(feed, last);
            changed = true;
        }
        if self.past.is_some() && changed {
            // The seats changed under the reading: it begins again, each guild where it stands.
            let mut past = self.past.take().unwrap_or_default();
            self.read_again(&mut past);
            self.past = Some(past);
        }
        pieces.chunk()
    }
}
