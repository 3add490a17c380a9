//! Variables that are set and that this program does not read.

/// What the names of our variables begin with, as far as nobody else's do.
pub(crate) const OUR_PREFIXES: &[&str] = &[
    "DISCORD_", "FANFARE_", "GATEWAY_", "LINK_", "REDIS_", "ROOM_", "SIM_",
];

/// Variables of all our programs that begin like that: one file of variables may serve several programs, so none of these is a mistake.
/// The end-to-end tests hold it against what the programs say.
pub const FAMILY: &[&str] = &[
    "DISCORD_API_URL",
    "DISCORD_AUTHORIZE_URL",
    "DISCORD_BOT_TOKEN",
    "DISCORD_CDN_URL",
    "DISCORD_CLIENT_ID",
    "DISCORD_CLIENT_SECRET",
    "DISCORD_GATEWAY_URL",
    "DISCORD_GUILDS",
    "DISCORD_GUILD_ID",
    "DISCORD_INTENTS",
    "GATEWAY_REGISTRY",
    "GATEWAY_WS_PORT",
    "GATEWAY_WS_URL",
    "LINK_ADVERTISE_URL",
    "LINK_TOKEN",
    "LINK_TOKEN_PREVIOUS",
    "REDIS_HOST",
    "REDIS_PASSWORD",
    "REDIS_PORT",
    "REDIS_PREFIX",
    "REDIS_URL",
    "ROOM_CATEGORY_ID",
    "ROOM_CREATOR_ROLES",
    "ROOM_EMPTY_TTL",
    "SIM_AUTO_APPROVE",
    "SIM_BIND",
    "SIM_HEARTBEAT_MS",
    "SIM_IDENTIFY_INTERVAL_MS",
    "SIM_MAX_CONCURRENCY",
    "SIM_PORT",
    "SIM_SEED",
    "SIM_SESSION_STARTS",
    "SIM_SESSION_TTL",
    "SIM_SHARDS",
];

/// Kubernetes sets variables for every service of a namespace: `REDIS_SERVICE_HOST`, `GATEWAY_PORT_8080_TCP` …
pub(crate) fn is_of_kubernetes(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.contains("_TCP")
        || name.ends_with("_PORT")
}
