use serde::{Deserialize, Serialize};

/// One gateway instance, as it announces itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRecord {
    /// Unique to the process; a restarted instance has a new one.
    pub instance: String,
    /// The shards that it holds.
    #[serde(default)]
    pub shards: Vec<ShardRecord>,
    /// Where its LINK can be reached; `None` = it serves none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_url: Option<String>,
    /// Version of the program.
    pub version: String,
    /// Unix ms when it started, by its own clock.
    pub started_at: u64,
    /// Unix ms of its latest announcement, by the registry's clock.
    #[serde(default)]
    pub heartbeat_at: u64,
}

/// One shard of a gateway instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardRecord {
    /// Its number, from 0.
    pub id: u32,
    /// How many shards there are (Discord, "Sharding").
    pub count: u32,
    /// Its connection state: `CONNECTED`, `RESUMING` … as logs and metrics name it.
    pub state: String,
}
