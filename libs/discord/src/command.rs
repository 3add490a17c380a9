//! What we send (Gateway Events, "Send Events").

use serde_json::json;

use crate::{Session, ShardConfig};

/// The name that Discord shows for the client.
const CLIENT: &str = "fanfare";

/// op 2.
pub(crate) fn identify(config: &ShardConfig) -> String {
    json!({"op": 2, "d": {
        "token": config.token.expose(),
        "intents": config.intents.bits(),
        "properties": {"os": std::env::consts::OS, "browser": CLIENT, "device": CLIENT},
        "shard": [config.shard.id, config.shard.count],
        "large_threshold": config.large_threshold.clamp(50, 250),
        "compress": false,
    }})
    .to_string()
}

/// op 6.
pub(crate) fn resume(config: &ShardConfig, session: &Session) -> String {
    json!({"op": 6, "d": {
        "token": config.token.expose(), "session_id": session.id, "seq": session.seq,
    }})
    .to_string()
}

/// op 1 with the last sequence number, if there is any.
pub(crate) fn heartbeat(seq: Option<u64>) -> String {
    json!({"op": 1, "d": seq}).to_string()
}
