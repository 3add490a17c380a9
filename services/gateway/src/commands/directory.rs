use std::{collections::BTreeMap, time::Duration};

use contracts::GuildId;
use discord::{ConnectionState, ShardId, ShardStatus};
use parking_lot::RwLock;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{pipeline::SharedGuilds, state::GuildState};

/// How long an answer waits for Discord to tell what was just done, so that what the user does next finds it.
const SETTLING: Duration = Duration::from_secs(1);
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The shards that this process holds, with what is known of their guilds. Bounded by the number of shards.
#[derive(Default)]
pub(crate) struct Directory {
    held: RwLock<BTreeMap<ShardId, Held>>,
}

/// A shard that is held.
#[derive(Clone)]
pub(crate) struct Held {
    guilds: SharedGuilds,
    status: watch::Receiver<ShardStatus>,
}

impl Directory {
    /// A shard is held and its guilds are loaded.
    pub(crate) fn add(
        &self,
        shard: ShardId,
        guilds: SharedGuilds,
        status: watch::Receiver<ShardStatus>,
    ) {
        self.held.write().insert(shard, Held { guilds, status });
    }

    /// It is held no longer.
    pub(crate) fn remove(&self, shard: ShardId) {
        self.held.write().remove(&shard);
    }

    /// The shard that hears of a guild, if it is held here.
    pub(super) fn of(&self, guild: GuildId) -> Option<Held> {
        let held = self.held.read();
        held.iter()
            .find(|(shard, _)| ShardId::of(guild, shard.count) == shard.id)
            .map(|(_, held)| held.clone())
    }

    /// All that are held.
    pub(super) fn all(&self) -> Vec<Held> {
        self.held.read().values().cloned().collect()
    }
}

impl Held {
    /// Whether what is known is what is true now: the shard is in a session.
    pub(super) fn connected(&self) -> bool {
        self.status.borrow().state == ConnectionState::Connected
    }

    /// Its guilds.
    pub(super) fn guilds(&self) -> Vec<GuildId> {
        self.guilds.lock().ids()
    }

    /// Looks at a guild; `None` = it is not known.
    pub(super) fn look<T>(&self, guild: GuildId, look: impl FnOnce(&GuildState) -> T) -> Option<T> {
        self.guilds.lock().guild(guild).map(look)
    }

    /// Waits until the guild is as was asked of Discord, or not much longer than that usually takes.
    pub(super) async fn settled(&self, guild: GuildId, is: impl Fn(&GuildState) -> bool) {
        let deadline = Instant::now() + SETTLING;
        while !self.look(guild, &is).unwrap_or(true) && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
    }
}
