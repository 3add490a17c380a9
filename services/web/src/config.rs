//! What web reads from the environment.

mod address;
#[cfg(test)]
mod tests;
mod variables;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use contracts::{ChannelId, GuildId, RoleId, UserId};
use environment::{Env, Secret};
use event_bus::{BusConfig, LinkEnd, WithoutRedis};
use gateway_registry::RegistryConfig;
use ipnet::IpNet;
use link::Endpoint;
use redis_link::RedisConfig;
use session_store::{Sealing, SessionStoreConfig, Sessions};
use url::Url;

use variables::{
    ALLOWED_ORIGINS, BASE_URL, BIND, COOKIE_DOMAIN, DISCORD_API_URL, DISCORD_AUTHORIZE_URL,
    DISCORD_CDN_URL, DISCORD_CLIENT_ID, DISCORD_CLIENT_SECRET, DISCORD_GUILD_ID, GATEWAY_WS_URL,
    LINK_TOKEN, MAX_ROOMS_PER_USER, MAX_STREAMS_PER_USER, MEMBERSHIP_TTL_SECONDS, METRICS_PORT,
    OPERATORS, PORT, ROOM_CATEGORY_ID, ROOM_CREATOR_ROLES, SESSION_SECRET, SESSION_SECRET_PREVIOUS,
    SESSION_TTL, SHUTDOWN_GRACE_SECONDS, STREAM_TOKEN_TTL, TRUSTED_PROXIES,
};
pub use variables::{LOG, PROBE, VARIABLES};

/// Shortest secret that sessions are sealed with.
const SECRET_LENGTH: usize = 32;

/// The configuration of one replica.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on.
    pub bind: IpAddr,
    /// Public port; 0 = any.
    pub port: u16,
    /// Port of `/metrics`; `None` = not served here, 0 = any.
    pub metrics_port: Option<u16>,
    /// Where browsers find this deployment; port 0 stands for the port that is bound.
    pub base_url: Url,
    /// Seals cookies and tokens.
    pub session_secret: Secret,
    /// The secret before, accepted during a rotation.
    pub session_secret_previous: Option<Secret>,
    /// How long a sign-in lasts without use.
    pub session_ttl: Duration,
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Secret,
    /// Discord's page where people agree.
    pub authorize_url: Url,
    /// Base address of Discord's REST API, without a slash at the end.
    pub api_url: String,
    /// Base address of Discord's images, without a slash at the end.
    pub cdn_url: String,
    /// Origins beside our own that may use the API with the user's cookie.
    pub allowed_origins: Vec<String>,
    /// Domain of the cookie, for sibling hosts.
    pub cookie_domain: Option<String>,
    /// The guild that is meant where none is named.
    pub default_guild: Option<GuildId>,
    /// The secret shared with the gateways; `None` = nobody can act.
    pub link_token: Option<Secret>,
    /// Where the gateway is; `None` = look in the registry.
    pub gateway_url: Option<String>,
    /// How long a token opens a WebSocket.
    pub stream_token_ttl: Duration,
    /// Proxies whose word about a client's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may see the operations view.
    pub operators: BTreeSet<UserId>,
    /// Whose members may make rooms; empty = any member.
    pub room_creator_roles: Vec<RoleId>,
    /// The category that rooms are made in.
    pub room_category: Option<ChannelId>,
    /// Most rooms of one user in a guild.
    pub max_rooms_per_user: u32,
    /// Most streams of one user, on all replicas.
    pub max_streams_per_user: usize,
    /// How long a user's guilds are believed.
    pub membership_ttl: Duration,
    /// How long stopping may take.
    pub grace: Duration,
    /// The event bus.
    pub bus: BusConfig,
    /// Where sign-ins are kept.
    pub sessions: SessionStoreConfig,
    /// Where gateways are found.
    pub registry: RegistryConfig,
}

impl Config {
    /// Reads the environment for the program `web`; what is wrong becomes a fault of `env`.
    pub fn read(env: &mut Env) -> Self {
        Self::read_with(env, WithoutRedis::Link)
    }

    /// Reads the environment for a program in which web may do without Redis.
    pub fn read_with(env: &mut Env, without_redis: WithoutRedis) -> Self {
        let port = env.parse_or(&PORT, 3000);
        let base_url = address::base_url(env, &BASE_URL, port);
        let session_secret = env.required_secret(&SESSION_SECRET, SECRET_LENGTH);
        let session_secret_previous = env.secret(&SESSION_SECRET_PREVIOUS);
        if let Some(previous) = &session_secret_previous
            && previous.expose().chars().count() < SECRET_LENGTH
        {
            env.fault(
                &SESSION_SECRET_PREVIOUS,
                format!("is too short: it needs {SECRET_LENGTH} characters or more"),
            );
        }
        let client_id = env.required(&DISCORD_CLIENT_ID);
        if !client_id.bytes().all(|byte| byte.is_ascii_digit()) {
            env.fault(
                &DISCORD_CLIENT_ID,
                format!("`{client_id}` is not an application's id, which is a number"),
            );
        }
        let client_secret = env.required_secret(&DISCORD_CLIENT_SECRET, 1);
        let authorize_url = address::url(env, &DISCORD_AUTHORIZE_URL);
        let api_url = address::text(&address::url(env, &DISCORD_API_URL));
        let cdn_url = address::text(&address::url(env, &DISCORD_CDN_URL));
        let allowed_origins = address::origins(env, &ALLOWED_ORIGINS);
        let cookie_domain = address::cookie_domain(env, &COOKIE_DOMAIN, &base_url);
        let link_token = read_link_token(env);
        let gateway_url = address::gateway_url(env, &GATEWAY_WS_URL);
        let end = match (without_redis, &link_token, &gateway_url) {
            (WithoutRedis::Memory, ..) => LinkEnd::Within,
            (WithoutRedis::Link, Some(token), Some(url)) => {
                LinkEnd::Asks(Endpoint::new(url, token.clone()).ok())
            }
            (WithoutRedis::Link, ..) => LinkEnd::Asks(None),
        };
        let bus = BusConfig::read(env, end);
        let redis = match &bus {
            BusConfig::Redis { redis, .. } => Some(redis.clone()),
            BusConfig::Link { .. } => RedisConfig::read(env),
            BusConfig::Memory { .. } | BusConfig::Served { .. } => None,
        };
        let redis = redis.as_ref();
        let sessions = SessionStoreConfig::read(env, redis);
        let registry = RegistryConfig::read(env, redis);
        let max_streams_per_user = env
            .parse::<NonZeroUsize>(&MAX_STREAMS_PER_USER)
            .map_or(20, NonZeroUsize::get);
        let trusted_proxies = address::networks(env, &TRUSTED_PROXIES);
        let max_rooms_per_user = env
            .parse::<NonZeroU32>(&MAX_ROOMS_PER_USER)
            .map_or(3, NonZeroU32::get);
        Self {
            bind: env.parse_or(&BIND, IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            port,
            metrics_port: Some(env.parse_or(&METRICS_PORT, 9102)),
            base_url,
            session_secret,
            session_secret_previous,
            session_ttl: positive_seconds(env, &SESSION_TTL, 604_800),
            client_id,
            client_secret,
            authorize_url,
            api_url,
            cdn_url,
            allowed_origins,
            cookie_domain,
            default_guild: env.parse(&DISCORD_GUILD_ID),
            link_token,
            gateway_url,
            stream_token_ttl: positive_seconds(env, &STREAM_TOKEN_TTL, 300),
            trusted_proxies,
            operators: env.list(&OPERATORS).into_iter().collect(),
            room_creator_roles: env.list(&ROOM_CREATOR_ROLES),
            room_category: env.parse(&ROOM_CATEGORY_ID),
            max_rooms_per_user,
            max_streams_per_user,
            membership_ttl: positive_seconds(env, &MEMBERSHIP_TTL_SECONDS, 60),
            grace: positive_seconds(env, &SHUTDOWN_GRACE_SECONDS, 30),
            bus,
            sessions,
            registry,
        }
    }

    /// The store of sign-ins. One in Redis or PostgreSQL is returned at once and answers errors until that can be reached.
    pub fn connect_sessions(&self) -> Sessions {
        let secrets = std::iter::once(&self.session_secret).chain(&self.session_secret_previous);
        self.sessions.connect(&Sealing {
            secrets: secrets.cloned().collect(),
            ttl: self.session_ttl,
        })
    }

    /// Whether browsers reach us through TLS.
    pub fn is_secure(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// Our own origin, as browsers write it.
    pub fn origin(&self) -> String {
        self.base_url.origin().ascii_serialization()
    }

    /// Where Discord sends people back to; it has to be registered there, letter by letter.
    pub fn redirect_uri(&self) -> String {
        format!("{}/auth/callback", self.origin())
    }

    /// Name of the cookie: with `__Host-` browsers guarantee that no other host set it, with `__Secure-` that it came through
    /// TLS.
    pub fn cookie_name(&self) -> &'static str {
        match (self.is_secure(), &self.cookie_domain) {
            (true, None) => "__Host-fanfare",
            (true, Some(_)) => "__Secure-fanfare",
            (false, _) => "fanfare",
        }
    }
}

fn read_link_token(env: &mut Env) -> Option<Secret> {
    let token = env.secret(&LINK_TOKEN)?;
    if token.expose().chars().count() < link::TOKEN_LENGTH {
        let length = link::TOKEN_LENGTH;
        env.fault(
            &LINK_TOKEN,
            format!("is too short: it needs {length} characters or more"),
        );
    }
    Some(token)
}

fn positive_seconds(env: &mut Env, variable: &environment::Variable, fallback: u64) -> Duration {
    let seconds = env.parse_or(variable, fallback);
    if seconds == 0 {
        env.fault(variable, format!("is 0: {}", variable.help));
    }
    Duration::from_secs(seconds)
}
