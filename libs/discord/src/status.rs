use std::{fmt, time::Duration};

use crate::Session;

/// Where a shard stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ConnectionState {
    /// Not running: not yet started, drained, or stopped for good.
    #[default]
    Disconnected,
    /// Opens its first connection, up to HELLO.
    Connecting,
    /// Waits for the identify limiter and READY.
    Identifying,
    /// Sent RESUME and takes the replayed dispatches.
    Resuming,
    /// In a session.
    Connected,
    /// Lost the connection: waits, then opens another one.
    Reconnecting,
}

impl ConnectionState {
    /// All of them, for a metric per state.
    pub const ALL: [Self; 6] = [
        Self::Disconnected,
        Self::Connecting,
        Self::Identifying,
        Self::Resuming,
        Self::Connected,
        Self::Reconnecting,
    ];

    /// The name in logs, metrics and on `/ready`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disconnected => "DISCONNECTED",
            Self::Connecting => "CONNECTING",
            Self::Identifying => "IDENTIFYING",
            Self::Resuming => "RESUMING",
            Self::Connected => "CONNECTED",
            Self::Reconnecting => "RECONNECTING",
        }
    }
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a shard tells about itself.
///
/// `session` is always current, but a new sequence number alone wakes no watcher. It is written
/// after its dispatch was handed over: who reads it first and *then* finds the receiver empty has
/// handled everything up to it, dispatches of types that are not carried included.
#[derive(Debug, Clone, Default)]
pub struct ShardStatus {
    /// Where it stands.
    pub state: ConnectionState,
    /// Several connections in a row came to nothing or did not last. It goes on trying; over once a
    /// connection lasted [`crate::Timing::steady`].
    pub degraded: bool,
    /// Attempts in a row that came to nothing; 0 once connected.
    pub attempts: u32,
    /// Connections in a row to [`crate::ShardConfig::gateway_url`] that did not get as far as HELLO:
    /// `GET /gateway/bot` may know a better one.
    pub unreachable: u32,
    /// The budget of session starts is used up down to the reserve: no IDENTIFY for about so long,
    /// counted from the last refusal.
    pub budget_exhausted: Option<Duration>,
    /// What another process would resume from; its `seq` is the last one accepted.
    pub session: Option<Session>,
    /// Between the last heartbeat and its acknowledgement.
    pub heartbeat_latency: Option<Duration>,
    /// Why the last connection ended or could not be made; no secret in it.
    pub last_error: Option<String>,
}
