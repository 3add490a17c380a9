//! Where the shards stand, for `/ready`, the registry and the log.

use std::collections::BTreeMap;

use discord::{ConnectionState, Intents, ShardId, ShardStatus};
use gateway_registry::ShardRecord;
use parking_lot::RwLock;
use serde::Serialize;
use tokio::sync::watch;

/// The shards of this process.
#[derive(Debug, Default)]
pub(crate) struct Board {
    shards: RwLock<BTreeMap<ShardId, watch::Receiver<ShardStatus>>>,
    /// How many shards there are and how many are held by anybody, as far as known.
    deployment: RwLock<Option<(u32, usize)>>,
    trouble: RwLock<Option<String>>,
}

/// A shard on `/ready`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShardView {
    id: u32,
    count: u32,
    state: &'static str,
    degraded: bool,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    heartbeat_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

/// Something that does not work because its intent is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeatureOff {
    feature: &'static str,
    intent: &'static str,
}

impl Board {
    /// This process holds a shard now.
    pub(crate) fn add(&self, shard: ShardId, status: watch::Receiver<ShardStatus>) {
        self.shards.write().insert(shard, status);
    }

    /// It holds it no longer.
    pub(crate) fn remove(&self, shard: ShardId) {
        self.shards.write().remove(&shard);
    }

    /// How many shards there are and how many of them are held by anybody; `None` = not known now.
    pub(crate) fn standby(&self, deployment: Option<(u32, usize)>) {
        *self.deployment.write() = deployment;
    }

    /// What keeps the shards from starting.
    pub(crate) fn trouble(&self, trouble: Option<String>) {
        *self.trouble.write() = trouble;
    }

    /// What keeps the shards from starting, if anything does.
    pub(crate) fn told_trouble(&self) -> Option<String> {
        self.trouble.read().clone()
    }

    /// Whether every shard that is held is in a session. Who holds none is a standby, and as good
    /// as connected if others hold them all.
    pub(crate) fn connected(&self) -> bool {
        let shards = self.shards.read();
        if shards.is_empty() {
            let deployment = *self.deployment.read();
            return deployment.is_some_and(|(count, held)| held >= count as usize);
        }
        shards
            .values()
            .all(|status| status.borrow().state == ConnectionState::Connected)
    }

    /// The most connections in a row of any shard that came to nothing.
    pub(crate) fn unreachable(&self) -> u32 {
        let shards = self.shards.read();
        let counts = shards.values().map(|status| status.borrow().unreachable);
        counts.max().unwrap_or(0)
    }

    /// Whether no shard is held.
    pub(crate) fn is_standby(&self) -> bool {
        self.shards.read().is_empty()
    }

    pub(crate) fn views(&self) -> Vec<ShardView> {
        let shards = self.shards.read();
        let view = |(shard, status): (&ShardId, &watch::Receiver<ShardStatus>)| {
            let status = status.borrow();
            ShardView {
                id: shard.id,
                count: shard.count,
                state: status.state.name(),
                degraded: status.degraded,
                attempts: status.attempts,
                heartbeat_ms: status
                    .heartbeat_latency
                    .map(|latency| latency.as_millis() as u64),
                last_error: status
                    .last_error
                    .clone()
                    .filter(|_| status.state != ConnectionState::Connected),
            }
        };
        shards.iter().map(view).collect()
    }

    pub(crate) fn records(&self) -> Vec<ShardRecord> {
        let shards = self.shards.read();
        let record = |(shard, status): (&ShardId, &watch::Receiver<ShardStatus>)| ShardRecord {
            id: shard.id,
            count: shard.count,
            state: status.borrow().state.name().to_owned(),
        };
        shards.iter().map(record).collect()
    }
}

/// What does not work with these intents.
pub(crate) fn features_off(intents: Intents) -> Vec<FeatureOff> {
    const FEATURES: [(Intents, &str, &str); 8] = [
        (Intents::GUILDS, "rooms, channels and roles", "GUILDS"),
        (
            Intents::GUILD_VOICE_STATES,
            "who is in which room",
            "GUILD_VOICE_STATES",
        ),
        (Intents::GUILD_MESSAGES, "messages", "GUILD_MESSAGES"),
        (
            Intents::GUILD_MESSAGE_REACTIONS,
            "reactions",
            "GUILD_MESSAGE_REACTIONS",
        ),
        (
            Intents::GUILD_MESSAGE_TYPING,
            "typing",
            "GUILD_MESSAGE_TYPING",
        ),
        (Intents::GUILD_MEMBERS, "member events", "GUILD_MEMBERS"),
        (Intents::GUILD_PRESENCES, "presence", "GUILD_PRESENCES"),
        (
            Intents::MESSAGE_CONTENT,
            "the text of messages",
            "MESSAGE_CONTENT",
        ),
    ];
    FEATURES
        .into_iter()
        .filter(|(needed, ..)| !intents.contains(*needed))
        .map(|(_, feature, intent)| FeatureOff { feature, intent })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_shards_nothing_is_connected() {
        let board = Board::default();
        assert!(!board.connected());
        let (sender, status) = watch::channel(ShardStatus::default());
        board.add(ShardId::ONE, status);
        assert!(!board.connected() && !board.is_standby());
        sender.send_modify(|status| status.state = ConnectionState::Connected);
        assert!(board.connected());
        assert_eq!(board.records()[0].state, "CONNECTED");
    }

    #[test]
    fn a_standby_is_ready_while_others_hold_every_shard() {
        let board = Board::default();
        board.standby(Some((2, 1)));
        assert!(!board.connected());
        board.standby(Some((2, 2)));
        assert!(board.connected() && board.is_standby());
        board.standby(None);
        assert!(!board.connected());
    }

    #[test]
    fn the_default_intents_leave_three_features_off() {
        let off: Vec<_> = features_off(Intents::UNPRIVILEGED)
            .iter()
            .map(|off| off.intent)
            .collect();
        assert_eq!(off, ["GUILD_MEMBERS", "GUILD_PRESENCES", "MESSAGE_CONTENT"]);
        assert!(features_off(Intents::UNPRIVILEGED | Intents::PRIVILEGED).is_empty());
    }
}
