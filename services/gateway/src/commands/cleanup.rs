//! Rooms that Fanfare made and that stayed empty are removed by whoever holds the guild's shard.

use std::{convert::Infallible, sync::Arc, time::Duration};

use contracts::{ChannelId, GuildId};
use discord::{RestError, rest::AuditReason};
use room_book::{BookError, Room, RoomBook};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::directory::{Directory, Held};
use crate::pipeline;

/// How long whoever claimed a room has to remove it, before somebody else may try.
const CLAIM: Duration = Duration::from_mins(1);
/// Shortest and longest pause between two looks; a tenth of the time that rooms may be empty, in between.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Looks after the rooms of the guilds whose shards are held here.
pub(crate) struct Cleanup {
    pub(crate) directory: Arc<Directory>,
    pub(crate) book: Arc<dyn RoomBook>,
    pub(crate) rest: Arc<discord::Rest>,
    /// Names this instance.
    pub(crate) instance: String,
    /// For how long a room may be empty.
    pub(crate) ttl: Duration,
}

/// How a room stands.
enum Standing {
    /// Somebody is in it.
    Occupied,
    /// Nobody is; the last one left that long ago, if it was seen.
    Empty(Option<Duration>),
    /// The bot does not see it, so nobody can tell.
    Hidden,
    /// It is not among the guild's channels.
    Absent,
}

impl Cleanup {
    /// Looks again and again until the drain.
    pub(crate) async fn run(self, drain: CancellationToken) -> Result<(), Infallible> {
        let mut looks = interval((self.ttl / 10).clamp(PAUSE.0, PAUSE.1));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = drain.cancelled() => return Ok(()),
                _ = looks.tick() => {}
            }
            tokio::select! {
                () = drain.cancelled() => return Ok(()),
                () = self.look() => {}
            }
        }
    }

    async fn look(&self) {
        for held in self.directory.all() {
            for guild in held.guilds() {
                // What is stale decides nothing: neither while a session is lost nor in an outage of the guild.
                let current = || {
                    let available = held.look(guild, |state| !state.guild().unavailable);
                    held.connected() && available.unwrap_or(false)
                };
                if !current() {
                    continue;
                }
                if let Err(error) = self.look_at(&held, guild).await {
                    debug!(component = "Gateway", guild_id = %guild, %error, "the rooms of a guild can't be looked at");
                }
            }
        }
    }

    async fn look_at(&self, held: &Held, guild: GuildId) -> Result<(), BookError> {
        for room in self.book.rooms(guild).await? {
            match standing(held, guild, room.channel) {
                Standing::Occupied if room.empty_since.is_some() => {
                    self.book.occupied(guild, room.channel).await?;
                }
                Standing::Occupied | Standing::Hidden => {}
                Standing::Empty(left) => {
                    let empty = self.book.empty(guild, room.channel, left).await?;
                    if empty.is_some_and(|empty| empty >= self.ttl) {
                        self.remove(held, &room).await?;
                    }
                }
                Standing::Absent => self.forget_if_gone(&room).await?,
            }
        }
        Ok(())
    }

    async fn remove(&self, held: &Held, room: &Room) -> Result<(), BookError> {
        let (guild, channel) = (room.guild, room.channel);
        let claimed = self
            .book
            .claim_removal(guild, channel, self.ttl, &self.instance, CLAIM);
        if !claimed.await? {
            return Ok(());
        }
        // Somebody may have come in this very moment.
        if !matches!(standing(held, guild, channel), Standing::Empty(_)) {
            return Ok(());
        }
        let reason = AuditReason::new("Fanfare: nobody has been in the room for a while");
        match self.rest.delete_channel(channel, &reason).await {
            Ok(()) => {
                info!(component = "Gateway", guild_id = %guild, channel_id = %channel, "An empty room was removed");
                self.book.forget(guild, channel).await
            }
            Err(error) => {
                // The claim runs out, and then it is tried again.
                warn!(component = "Gateway", guild_id = %guild, channel_id = %channel, %error, "an empty room can't be removed");
                Ok(())
            }
        }
    }

    /// Discord is asked, since a channel that was only just made may not have been told of yet.
    async fn forget_if_gone(&self, room: &Room) -> Result<(), BookError> {
        match self.rest.channel(room.channel).await {
            Err(RestError::NotFound { .. }) => {
                let (guild, channel) = (room.guild, room.channel);
                info!(component = "Gateway", guild_id = %guild, channel_id = %channel, "A room is gone and forgotten");
                self.book.forget(guild, channel).await
            }
            _ => Ok(()),
        }
    }
}

fn standing(held: &Held, guild: GuildId, channel: ChannelId) -> Standing {
    let standing = held.look(guild, |state| {
        let Some(found) = state.channel(channel) else {
            return Standing::Absent;
        };
        if found.obfuscated {
            Standing::Hidden
        } else if state.people(channel).is_empty() {
            let left = state.left.value(channel).copied();
            Standing::Empty(left.map(pipeline::since))
        } else {
            Standing::Occupied
        }
    });
    standing.unwrap_or(Standing::Hidden)
}
