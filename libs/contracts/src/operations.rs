//! What operators are shown: `GET /api/operations`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// The state of the deployment, as the replica that answers knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Operations {
    /// The replica that answers.
    pub replica: ReplicaState,
    /// Whether this replica knows the gateways.
    pub registry: RegistryState,
    /// The gateways that are alive, by their ids; 256 at most.
    pub gateways: Vec<GatewayState>,
    /// How many shards are in force; `null` = nobody has said yet, or it is not known here.
    pub shard_count: Option<u32>,
    /// How many shards follow once all leases of those in force are released.
    pub next_shard_count: Option<u32>,
    /// Every shard in force, by its number; 4096 at most.
    pub shards: Vec<ShardState>,
}

/// One replica of web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaState {
    /// Version of the program.
    pub version: String,
    /// The way from the event bus to this replica.
    pub hub: HubState,
    /// Whether it is stopping.
    pub draining: bool,
    /// Open streams.
    pub streams: u32,
    /// Guilds that it follows.
    pub guilds: u32,
    /// Bytes of the events that it keeps for browsers that come back.
    #[ts(type = "number")]
    pub ring_bytes: u64,
    /// Every event up to this id is applied.
    pub complete: crate::EventId,
}

/// What a replica knows of the way from the event bus to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HubState {
    /// The event bus has not answered yet.
    Starting,
    /// Everything arrives.
    Ready,
    /// The event bus does not answer.
    Away,
    /// What was missed is being read from the log.
    Repairing,
    /// The event bus answers, but nothing arrives.
    Detached,
}

/// What a replica knows of the gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegistryState {
    /// They are as told.
    Known,
    /// The registry does not answer.
    Away,
    /// This deployment has no registry that its replicas could ask.
    None,
}

/// One gateway instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayState {
    /// Its id; a restarted one has another.
    pub instance: String,
    /// Version of the program.
    pub version: String,
    /// Unix ms when it started, by its own clock.
    #[ts(type = "number")]
    pub started_at: u64,
    /// Unix ms when it was last heard of, by the registry's clock.
    #[ts(type = "number")]
    pub heartbeat_at: u64,
    /// The numbers of the shards that it holds.
    pub shards: Vec<u32>,
}

/// One shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShardState {
    /// Its number, from 0.
    pub id: u32,
    /// The instance that holds its lease; `null` = nobody does.
    pub owner: Option<String>,
    /// Its connection to Discord, as its owner says: `CONNECTED`, `RESUMING` …; `null` = its owner has not said.
    pub connection: Option<String>,
}
