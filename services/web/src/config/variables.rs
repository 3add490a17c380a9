use environment::{Group, Variable, count, grouped};
use program::Probe;

pub(super) const PORT: Variable = Variable::new("PORT", "the public port; 0 = any").or("3000");
pub(super) const BASE_URL: Variable = Variable::new(
    "BASE_URL",
    "where browsers find this deployment: an https address, or http on localhost [default: http://localhost:PORT]",
)
.alias(&["VITE_BASE_URL"]);
pub(super) const SESSION_SECRET: Variable = Variable::new(
    "SESSION_SECRET",
    "seals cookies and tokens: 32 random characters or more, the same on every replica",
)
.secret();
pub(super) const SESSION_SECRET_PREVIOUS: Variable = Variable::new(
    "SESSION_SECRET_PREVIOUS",
    "the secret that SESSION_SECRET replaces, during a rotation",
)
.secret();
pub(super) const SESSION_TTL: Variable = Variable::new(
    "SESSION_TTL",
    "how long a sign-in lasts without use, in seconds",
)
.or("604800");
pub(super) const DISCORD_CLIENT_ID: Variable = Variable::new(
    "DISCORD_CLIENT_ID",
    "the application's id (Developer Portal, OAuth2)",
);
pub(super) const DISCORD_CLIENT_SECRET: Variable = Variable::new(
    "DISCORD_CLIENT_SECRET",
    "the application's secret (Developer Portal, OAuth2)",
)
.secret();
pub(super) const DISCORD_AUTHORIZE_URL: Variable = Variable::new(
    "DISCORD_AUTHORIZE_URL",
    "Discord's page where people agree to sign in",
)
.or("https://discord.com/oauth2/authorize");
pub(super) const DISCORD_API_URL: Variable =
    Variable::new("DISCORD_API_URL", "base address of Discord's REST API")
        .or("https://discord.com/api/v10");
pub(super) const DISCORD_CDN_URL: Variable =
    Variable::new("DISCORD_CDN_URL", "base address of Discord's images")
        .or("https://cdn.discordapp.com");
pub(super) const ALLOWED_ORIGINS: Variable = Variable::new(
    "ALLOWED_ORIGINS",
    "origins beside our own that may use the API with the user's cookie, e.g. https://app.example.com,https://www.example.com",
);
pub(super) const COOKIE_DOMAIN: Variable = Variable::new(
    "COOKIE_DOMAIN",
    "domain of the cookie, for sibling hosts, e.g. example.com; without it only the host of BASE_URL gets it",
);
pub(super) const DISCORD_GUILD_ID: Variable =
    Variable::new("DISCORD_GUILD_ID", "the id of the default guild")
        .alias(&["VITE_DISCORD_GUILD_ID"]);
pub(super) const LINK_TOKEN: Variable = Variable::new(
    "LINK_TOKEN",
    "the secret shared with the gateway, 32 characters or more; without it people can watch, but not act",
)
.secret();
pub(super) const GATEWAY_WS_URL: Variable = Variable::new(
    "GATEWAY_WS_URL",
    "where the gateway serves LINK (ws://host:port or wss://host:port; /link if it has no path); without it gateways are found in Redis",
);
pub(super) const STREAM_TOKEN_TTL: Variable = Variable::new(
    "STREAM_TOKEN_TTL",
    "for how many seconds a token opens a WebSocket, 1 or more",
)
.or("300");
pub(super) const TRUSTED_PROXIES: Variable = Variable::new(
    "TRUSTED_PROXIES",
    "networks of the proxies in front, whose X-Forwarded-For is believed, e.g. 10.0.0.0/8,192.0.2.7",
);
pub(super) const OPERATORS: Variable = Variable::new(
    "OPERATORS",
    "ids of the users who may see the operations view, separated by commas",
);
pub(super) const ROOM_CREATOR_ROLES: Variable = Variable::new(
    "ROOM_CREATOR_ROLES",
    "ids of the roles whose members may make rooms, separated by commas; any member if unset",
);
pub(super) const ROOM_CATEGORY_ID: Variable = Variable::new(
    "ROOM_CATEGORY_ID",
    "the category that rooms are made in; the top of the list if unset",
);
pub(super) const MAX_ROOMS_PER_USER: Variable = Variable::new(
    "MAX_ROOMS_PER_USER",
    "most rooms that one user may have in a guild, 1 or more",
)
.or("3");
pub(super) const MAX_STREAMS_PER_USER: Variable = Variable::new(
    "MAX_STREAMS_PER_USER",
    "most open streams of one user, 1 or more",
)
.or("20");
pub(super) const MEMBERSHIP_TTL_SECONDS: Variable = Variable::new(
    "MEMBERSHIP_TTL_SECONDS",
    "for how many seconds a user's guilds are believed, 1 or more",
)
.or("60");
pub(super) const BIND: Variable = Variable::new("BIND", "the address to listen on").or("0.0.0.0");
pub(super) const METRICS_PORT: Variable =
    Variable::new("METRICS_PORT", "the port of /metrics; 0 = any").or("9102");
pub(super) const SHUTDOWN_GRACE_SECONDS: Variable = Variable::new(
    "SHUTDOWN_GRACE_SECONDS",
    "how long stopping may take, in seconds, 1 or more",
)
.or("30");

const GROUPS: &[Group<'_>] = &[
    (
        "Addresses",
        &[
            PORT,
            BASE_URL,
            ALLOWED_ORIGINS,
            COOKIE_DOMAIN,
            TRUSTED_PROXIES,
        ],
    ),
    (
        "Sign-ins",
        &[
            SESSION_SECRET,
            SESSION_SECRET_PREVIOUS,
            SESSION_TTL,
            STREAM_TOKEN_TTL,
            MEMBERSHIP_TTL_SECONDS,
            OPERATORS,
        ],
    ),
    (
        "Discord",
        &[
            DISCORD_CLIENT_ID,
            DISCORD_CLIENT_SECRET,
            DISCORD_AUTHORIZE_URL,
            DISCORD_API_URL,
            DISCORD_CDN_URL,
            DISCORD_GUILD_ID,
        ],
    ),
    ("LINK", &[LINK_TOKEN, GATEWAY_WS_URL]),
    (
        "Rooms",
        &[
            ROOM_CREATOR_ROLES,
            ROOM_CATEGORY_ID,
            MAX_ROOMS_PER_USER,
            MAX_STREAMS_PER_USER,
        ],
    ),
    ("Process", &[BIND, METRICS_PORT, SHUTDOWN_GRACE_SECONDS]),
    ("Redis", redis_link::VARIABLES),
    ("Events", event_bus::VARIABLES),
    ("Gateways", gateway_registry::VARIABLES),
    ("Stores", session_store::VARIABLES),
    ("Telemetry", telemetry::VARIABLES),
];

const ALL: [Variable; count(GROUPS)] = grouped(GROUPS);

/// Every variable that the program `web` reads.
pub const VARIABLES: &[Variable] = &ALL;

/// Where a replica takes another filter of its logs.
pub const LOG: Probe = Probe {
    name: "web",
    port: METRICS_PORT,
    bind: BIND,
    path: "/log",
};

/// Where a replica says that it lives.
pub const PROBE: Probe = Probe {
    name: "web",
    port: PORT,
    bind: BIND,
    path: "/api/health",
};
