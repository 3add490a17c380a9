//! What browsers and web say to each other over `/api/ws`: one JSON object a message.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{EventId, problem::FieldProblem};

/// What a browser says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum StreamRequest {
    /// The first message, within 5 s: who it is and what it wants.
    Auth {
        /// Version of this protocol: 1.
        v: u32,
        /// From `issueStreamToken`.
        token: String,
        /// The last id that arrived; the stream goes on after it.
        #[serde(default)]
        #[ts(optional)]
        last_event_id: Option<String>,
        /// The guilds; all that the user and the bot share, if absent.
        #[serde(default)]
        #[ts(optional)]
        guilds: Option<Vec<String>>,
        /// Names of events or families like `voice.*`; if absent those that a page of rooms needs.
        #[serde(default)]
        #[ts(optional)]
        events: Option<Vec<String>>,
        /// Whether the stream begins with a `snapshot`.
        #[serde(default)]
        #[ts(optional)]
        snapshot: Option<bool>,
    },
    /// Answered by `pong`: pages can't see the protocol's own pings.
    Ping {
        /// Version of this protocol: 1.
        v: u32,
    },
}

/// What web says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum StreamMessage {
    /// The token was accepted; everything else follows.
    Ready {
        /// Version of this protocol.
        v: u32,
        /// How many milliseconds to wait before coming back, should the connection break off.
        #[ts(type = "number")]
        retry_ms: u64,
    },
    /// An event, or `snapshot`, `reset` or `unavailable`.
    Event {
        /// Version of this protocol.
        v: u32,
        /// Which.
        event: String,
        /// The cursor after it; absent where the cursor stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        id: Option<EventId>,
        /// Unix ms: when it happened.
        #[ts(type = "number")]
        ts: u64,
        /// By the event's name, see `EventPayloads`.
        #[ts(type = "unknown")]
        payload: serde_json::Value,
        /// With `unavailable`: how many milliseconds to wait before coming back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional, type = "number")]
        retry_ms: Option<u64>,
    },
    /// Only the cursor moves.
    Cursor {
        /// Version of this protocol.
        v: u32,
        /// The cursor.
        id: EventId,
    },
    /// Something that the browser should know; the stream goes on.
    Warning {
        /// Version of this protocol.
        v: u32,
        /// A stable code: `slow-reader`.
        code: String,
        /// What it means.
        message: String,
    },
    /// Why the connection is closed right after.
    Error {
        /// Version of this protocol.
        v: u32,
        /// A stable code, as in problem documents.
        code: String,
        /// What it means.
        message: String,
        /// The fields that are wrong, all at once.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(as = "Option<Vec<FieldProblem>>", optional)]
        errors: Vec<FieldProblem>,
    },
    /// Answers `ping`.
    Pong {
        /// Version of this protocol.
        v: u32,
    },
}

impl std::fmt::Debug for StreamRequest {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auth { .. } => "Auth",
            Self::Ping { .. } => "Ping",
        })
    }
}
