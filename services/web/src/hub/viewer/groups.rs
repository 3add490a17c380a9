use contracts::{Event, GuildId, event::RoomDeleted};

use super::{super::chunk::Chunk, Viewer};

impl Viewer {
    /// Follows a change of membership: guilds gained are told and followed from now on, guilds lost are taken away.
    /// The gained ones must be open.
    pub(crate) fn regroup(&mut self, guilds: &[GuildId]) -> Option<Chunk> {
        let mut pieces = self.pieces();
        let hub = self.hub.clone();
        let mut line = hub.inner.line.lock();
        let lost: Vec<_> = self
            .seats
            .extract_if(.., |seat| !guilds.contains(&seat.feed.guild))
            .collect();
        for seat in lost {
            seat.feed.leave(seat.slot);
            let guild_id = seat.feed.guild;
            let rooms = line
                .open(guild_id)
                .map(|followed| followed.picture.shown().collect::<Vec<_>>());
            for channel_id in rooms.unwrap_or_default() {
                let gone = RoomDeleted {
                    guild_id,
                    channel_id,
                    access: Some(true),
                };
                self.tell(&Event::RoomDeleted(gone), &mut pieces);
            }
        }
        for guild in guilds {
            if self.seats.iter().any(|seat| seat.feed.guild == *guild) {
                continue;
            }
            let Some(followed) = line.open(*guild) else {
                continue;
            };
            for room in followed.picture.shown() {
                for event in followed.picture.appeared(room) {
                    self.tell(&event, &mut pieces);
                }
            }
            let (feed, last) = (std::sync::Arc::clone(&followed.feed), followed.chain.last);
            self.sit(feed, last);
        }
        if self.past.is_some() {
            // The seats changed under the reading: it begins again, each guild where it stands.
            self.fall_behind();
        }
        pieces.chunk()
    }
}
