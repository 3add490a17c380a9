//! What the gateway is configured by.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use contracts::GuildId;
use discord::{Intents, Rest, rest::InvalidApiUrl};
use environment::{Env, Group, Secret, Variable, count, grouped};
use event_bus::{BusConfig, LinkEnd, WithoutRedis};
use gateway_registry::RegistryConfig;
use program::Probe;
use redis_link::RedisConfig;
use room_book::{MemoryBook, RedisBook, RoomBook};
use url::Url;

const DISCORD_BOT_TOKEN: Variable = Variable::new(
    "DISCORD_BOT_TOKEN",
    "the bot's token (developer portal, Bot, Reset Token)",
)
.secret();
const DISCORD_GUILD_ID: Variable = Variable::new("DISCORD_GUILD_ID", "the id of the default guild")
    .alias(&["VITE_DISCORD_GUILD_ID"]);
const DISCORD_GUILDS: Variable = Variable::new(
    "DISCORD_GUILDS",
    "the ids of the guilds to serve, separated by commas; all if unset",
);
const DISCORD_INTENTS: Variable = Variable::new(
    "DISCORD_INTENTS",
    "the sum of the intents to ask for: 3713 without privilege, 36739 with members, presences and message content",
)
.or("3713");
const DISCORD_API_URL: Variable = Variable::new(
    "DISCORD_API_URL",
    "base address of Discord's REST API, ending in /api/v10",
)
.or("https://discord.com/api/v10");
const DISCORD_GATEWAY_URL: Variable = Variable::new(
    "DISCORD_GATEWAY_URL",
    "address of Discord's Gateway (wss://…); asked for at /gateway/bot if unset",
);
const DISCORD_CDN_URL: Variable =
    Variable::new("DISCORD_CDN_URL", "base address of Discord's images")
        .or("https://cdn.discordapp.com");
const SHARD_COUNT: Variable = Variable::new(
    "SHARD_COUNT",
    "`auto` (what Discord recommends) or a number",
)
.or("auto");
const LINK_TOKEN: Variable = Variable::new(
    "LINK_TOKEN",
    "the secret shared with web, 32 characters or more; without it nobody can act",
)
.secret();
const LINK_TOKEN_PREVIOUS: Variable = Variable::new(
    "LINK_TOKEN_PREVIOUS",
    "the secret that LINK_TOKEN replaces, during a rotation",
)
.secret();
const LINK_ADVERTISE_URL: Variable = Variable::new(
    "LINK_ADVERTISE_URL",
    "where web reaches this instance: ws://host:port or wss://host:port (/link if it has no path); without it its own address and GATEWAY_WS_PORT",
);
const GATEWAY_WS_PORT: Variable = Variable::new(
    "GATEWAY_WS_PORT",
    "the port of /health, /ready and /link; 0 = any",
)
.or("8080");
const ROOM_EMPTY_TTL: Variable = Variable::new(
    "ROOM_EMPTY_TTL",
    "after how many seconds a room that Fanfare made and that nobody is in is removed, 1 or more",
)
.or("300");
const BIND: Variable = Variable::new("BIND", "the address to listen on").or("0.0.0.0");
const METRICS_PORT: Variable =
    Variable::new("METRICS_PORT", "the port of /metrics; 0 = any").or("9101");
const SHUTDOWN_GRACE_SECONDS: Variable = Variable::new(
    "SHUTDOWN_GRACE_SECONDS",
    "how long stopping may take, in seconds",
)
.or("30");

/// Shortest secret that is accepted for LINK.
const LINK_TOKEN_LENGTH: usize = 32;
/// More shards than this in one process is a mistake.
const MAX_SHARDS: u32 = 1_024;

const GROUPS: &[Group<'_>] = &[
    (
        "Discord",
        &[
            DISCORD_BOT_TOKEN,
            DISCORD_GUILD_ID,
            DISCORD_GUILDS,
            DISCORD_INTENTS,
            DISCORD_API_URL,
            DISCORD_GATEWAY_URL,
            DISCORD_CDN_URL,
            SHARD_COUNT,
        ],
    ),
    (
        "LINK",
        &[LINK_TOKEN, LINK_TOKEN_PREVIOUS, LINK_ADVERTISE_URL],
    ),
    ("Rooms", &[ROOM_EMPTY_TTL]),
    (
        "Process",
        &[BIND, GATEWAY_WS_PORT, METRICS_PORT, SHUTDOWN_GRACE_SECONDS],
    ),
    ("Redis", redis_link::VARIABLES),
    ("Events", event_bus::VARIABLES),
    ("Gateways", gateway_registry::VARIABLES),
    ("Telemetry", telemetry::VARIABLES),
];

const ALL: [Variable; count(GROUPS)] = grouped(GROUPS);

/// Every variable that the program `gateway` reads.
pub const VARIABLES: &[Variable] = &ALL;

/// Where a gateway takes another filter of its logs.
pub const LOG: Probe = Probe {
    name: "the gateway",
    port: METRICS_PORT,
    bind: BIND,
    path: "/log",
};

/// Where a gateway says that it lives.
pub const PROBE: Probe = Probe {
    name: "the gateway",
    port: GATEWAY_WS_PORT,
    bind: BIND,
    path: "/health",
};

/// The gateway's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The bot's token.
    pub token: Secret,
    /// The default guild.
    pub default_guild: Option<GuildId>,
    /// The guilds that are served; `None` = all.
    pub guilds: Option<BTreeSet<GuildId>>,
    /// What Discord is asked for.
    pub intents: Intents,
    /// Base address of Discord's REST API.
    pub api_url: String,
    /// Address of Discord's Gateway; `None` = ask for it.
    pub gateway_url: Option<String>,
    /// Base address of Discord's images, without a slash at the end.
    pub cdn_url: String,
    /// How many shards; `None` = what Discord recommends.
    pub shard_count: Option<u32>,
    /// The secret that web shows on LINK; `None` = LINK is not served.
    pub link_token: Option<Secret>,
    /// Accepted beside it during a rotation.
    pub link_token_previous: Option<Secret>,
    /// After which time an empty room that Fanfare made is removed.
    pub room_empty_ttl: Duration,
    /// Where web reaches this instance.
    pub link_url: Option<String>,
    /// Address to listen on.
    pub bind: IpAddr,
    /// Port of `/health` and `/ready`; 0 = any.
    pub port: u16,
    /// Port of `/metrics`; `None` = not served here, 0 = any.
    pub metrics_port: Option<u16>,
    /// How long stopping may take.
    pub grace: Duration,
    /// The event bus.
    pub bus: BusConfig,
    /// The registry.
    pub registry: RegistryConfig,
}

impl Config {
    /// Reads the environment for the program `gateway`; what is wrong becomes a fault of `env`.
    pub fn read(env: &mut Env) -> Self {
        Self::read_with(env, WithoutRedis::Link)
    }

    /// Reads the environment for a program in which a gateway may do without Redis.
    pub fn read_with(env: &mut Env, without_redis: WithoutRedis) -> Self {
        let token = env.required_secret(&DISCORD_BOT_TOKEN, 1);
        if token.expose().bytes().any(|byte| !byte.is_ascii_graphic()) {
            env.fault(
                &DISCORD_BOT_TOKEN,
                "contains blanks or other characters that no token has",
            );
        }
        let default_guild = env.parse(&DISCORD_GUILD_ID);
        let guilds: BTreeSet<GuildId> = env.list(&DISCORD_GUILDS).into_iter().collect();
        let guilds = Some(guilds).filter(|guilds| !guilds.is_empty());
        if let (Some(default), Some(served)) = (default_guild, &guilds)
            && !served.contains(&default)
        {
            env.fault(&DISCORD_GUILD_ID, "is not among DISCORD_GUILDS");
        }
        let intents = read_intents(env);
        let api_url = read_url(env, &DISCORD_API_URL, &["http", "https"]).unwrap_or_default();
        if !api_url.is_empty() && !api_url.ends_with("/api/v10") {
            let message = format!("`{api_url}` is not valid: {}", DISCORD_API_URL.help);
            env.fault(&DISCORD_API_URL, message);
        }
        let gateway_url = read_url(env, &DISCORD_GATEWAY_URL, &["ws", "wss"]);
        let cdn_url = read_url(env, &DISCORD_CDN_URL, &["http", "https"]).unwrap_or_default();
        let shard_count = read_shard_count(env);
        let link_token = read_link_token(env, &LINK_TOKEN);
        let link_token_previous = read_link_token(env, &LINK_TOKEN_PREVIOUS);
        let link_url = read_url(env, &LINK_ADVERTISE_URL, &["ws", "wss"]);
        let end = match without_redis {
            WithoutRedis::Memory => LinkEnd::Within,
            WithoutRedis::Link => LinkEnd::Serves {
                token: link_token.is_some(),
            },
        };
        let bus = BusConfig::read(env, end);
        let redis: Option<&RedisConfig> = match &bus {
            BusConfig::Redis { redis, .. } => Some(redis),
            BusConfig::Memory { .. } | BusConfig::Served { .. } | BusConfig::Link { .. } => None,
        };
        let registry = RegistryConfig::read(env, redis);
        Self {
            token,
            default_guild,
            guilds,
            intents,
            api_url,
            gateway_url,
            cdn_url,
            shard_count,
            link_token,
            link_token_previous,
            link_url,
            room_empty_ttl: env.seconds(&ROOM_EMPTY_TTL, Duration::from_secs(300)),
            bind: env.parse_or(&BIND, IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            port: env.parse_or(&GATEWAY_WS_PORT, 8080),
            metrics_port: Some(env.parse_or(&METRICS_PORT, 9101)),
            grace: env.seconds(&SHUTDOWN_GRACE_SECONDS, Duration::from_secs(30)),
            bus,
            registry,
        }
    }

    /// The book of rooms: in Redis where the event bus is, else of this process.
    pub fn rooms(&self) -> Arc<dyn RoomBook> {
        match &self.bus {
            BusConfig::Redis { redis, .. } => Arc::new(RedisBook::connect(redis)),
            _ => Arc::new(MemoryBook::new()),
        }
    }

    /// The REST client that this configuration describes; needs a Tokio runtime.
    pub(crate) fn rest(&self) -> Result<Rest, InvalidApiUrl> {
        Rest::new(&self.token, &self.api_url)
    }
}

fn read_intents(env: &mut Env) -> Intents {
    let intents = Intents::from_bits(env.parse_or(&DISCORD_INTENTS, Intents::UNPRIVILEGED.bits()));
    if !intents.contains(Intents::GUILDS) {
        env.fault(
            &DISCORD_INTENTS,
            "lacks 1 (GUILDS), without which no room is known",
        );
    }
    intents
}

fn read_link_token(env: &mut Env, variable: &Variable) -> Option<Secret> {
    let token = env.secret(variable)?;
    if token.expose().chars().count() < LINK_TOKEN_LENGTH {
        env.fault(
            variable,
            format!("is too short: it needs {LINK_TOKEN_LENGTH} characters or more"),
        );
    }
    Some(token)
}

fn read_shard_count(env: &mut Env) -> Option<u32> {
    let text = env
        .text(&SHARD_COUNT)
        .filter(|text| text.trim() != "auto")?;
    match text.trim().parse() {
        Ok(count) if (1..=MAX_SHARDS).contains(&count) => Some(count),
        _ => {
            let message =
                format!("`{text}` is not valid; it is `auto` or a number from 1 to {MAX_SHARDS}");
            env.fault(&SHARD_COUNT, message);
            None
        }
    }
}

/// An absolute address without a slash at the end.
fn read_url(env: &mut Env, variable: &Variable, schemes: &[&str]) -> Option<String> {
    let text = env.text(variable)?;
    let url = Url::parse(text.trim()).ok();
    let usable = url.is_some_and(|url| schemes.contains(&url.scheme()) && url.host_str().is_some());
    if !usable {
        let names: Vec<String> = schemes
            .iter()
            .map(|scheme| format!("{scheme}://"))
            .collect();
        let names = names.join(" or ");
        env.fault(
            variable,
            format!("`{text}` is not an address that begins with {names}"),
        );
        return None;
    }
    Some(text.trim().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests;
