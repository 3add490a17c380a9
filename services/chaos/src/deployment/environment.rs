//! What each program is told.

use std::net::SocketAddr;

/// A process's environment.
pub(super) type Environment = Vec<(&'static str, String)>;

/// Secrets of processes that live for minutes on loopback.
const SECRET: &str = "for-a-chaos-run-on-loopback-only-0123456789-0123456789-0123456789-01";

/// The simulated Discord's heartbeat interval, short so that a frozen socket is noticed soon; a
/// connection that is silent for one and a half of it is closed with 4009, which no black hole may take.
const HEARTBEAT_MS: u64 = 4_000;

/// How many shards Discord recommends: with two, each gateway can hold one.
pub(super) const SHARDS: u32 = 2;

/// Most streams of one user: the browsers share a few users.
const STREAMS_PER_USER: u32 = 500;

/// Where everything is, as one process sees it.
pub(super) struct Addresses {
    pub(super) port: u16,
    pub(super) metrics: u16,
    pub(super) redis: String,
    /// The simulator itself.
    pub(super) simulator: String,
    /// The simulator behind the gateways' wire.
    pub(super) discord: String,
    /// For how many seconds events are kept, if not for the usual time.
    pub(super) retention: Option<u64>,
}

pub(super) fn simulator(port: u16, seed: u64) -> Environment {
    vec![
        ("SIM_PORT", port.to_string()),
        ("SIM_SEED", seed.to_string()),
        ("SIM_HEARTBEAT_MS", HEARTBEAT_MS.to_string()),
        ("SIM_SHARDS", SHARDS.to_string()),
        ("SIM_MAX_CONCURRENCY", SHARDS.to_string()),
        ("RUST_LOG", "info".to_owned()),
    ]
}

pub(super) fn gateway(at: &Addresses) -> Environment {
    let own = vec![
        ("DISCORD_BOT_TOKEN", "simulated-bot-token".to_owned()),
        ("DISCORD_API_URL", format!("{}/api/v10", at.discord)),
        ("DISCORD_INTENTS", "36739".to_owned()),
        ("GATEWAY_WS_PORT", at.port.to_string()),
    ];
    [shared(at), own].concat()
}

pub(super) fn web(at: &Addresses, public: SocketAddr) -> Environment {
    let own = vec![
        ("PORT", at.port.to_string()),
        ("BASE_URL", format!("http://{public}")),
        ("SESSION_SECRET", SECRET.to_owned()),
        ("DISCORD_CLIENT_ID", "1000000000000000001".to_owned()),
        (
            "DISCORD_CLIENT_SECRET",
            "simulated-client-secret".to_owned(),
        ),
        ("DISCORD_API_URL", format!("{}/api/v10", at.simulator)),
        (
            "DISCORD_AUTHORIZE_URL",
            format!("{}/oauth2/authorize", at.simulator),
        ),
        ("MAX_STREAMS_PER_USER", STREAMS_PER_USER.to_string()),
    ];
    [shared(at), own].concat()
}

fn shared(at: &Addresses) -> Environment {
    let kept = at
        .retention
        .map(|seconds| ("EVENT_RETENTION_SECONDS", seconds.to_string()));
    let mut env = vec![
        ("REDIS_URL", at.redis.clone()),
        ("DISCORD_CDN_URL", format!("{}/cdn", at.simulator)),
        ("LINK_TOKEN", SECRET.to_owned()),
        ("METRICS_PORT", at.metrics.to_string()),
        ("BIND", "127.0.0.1".to_owned()),
        ("LOG_FORMAT", "pretty".to_owned()),
        ("RUST_LOG", "info".to_owned()),
    ];
    env.extend(kept);
    env
}
