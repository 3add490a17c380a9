//! What the simulator is told at its start.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use environment::{Env, Secret, Variable};
use program::Probe;

use crate::{scenario::Scenario, world::World};

const PORT: Variable =
    Variable::new("SIM_PORT", "the port to listen on; 0 = any free one").or("4000");
const BIND: Variable = Variable::new("SIM_BIND", "the address to listen on").or("127.0.0.1");
const SEED: Variable = Variable::new(
    "SIM_SEED",
    "a number; the same seed gives the same ids and scenarios",
)
.or("1");
const AUTO_APPROVE: Variable = Variable::new(
    "SIM_AUTO_APPROVE",
    "a user's id or name: log in as this user without a click",
);
const HEARTBEAT_MS: Variable =
    Variable::new("SIM_HEARTBEAT_MS", "the Gateway's heartbeat interval in ms").or("41250");
const SESSION_TTL: Variable = Variable::new(
    "SIM_SESSION_TTL",
    "seconds for which a dropped session can be resumed",
)
.or("90");
const SHARDS: Variable = Variable::new(
    "SIM_SHARDS",
    "the number of shards that /gateway/bot recommends",
)
.or("1");
const MAX_CONCURRENCY: Variable = Variable::new(
    "SIM_MAX_CONCURRENCY",
    "how many shards may identify in the same SIM_IDENTIFY_INTERVAL_MS",
)
.or("1");
const IDENTIFY_INTERVAL_MS: Variable = Variable::new(
    "SIM_IDENTIFY_INTERVAL_MS",
    "the time in ms within which SIM_MAX_CONCURRENCY shards may identify",
)
.or("5000");
const SESSION_STARTS: Variable = Variable::new(
    "SIM_SESSION_STARTS",
    "how many sessions may be started a day before the token is reset",
)
.or("1000");
const BOT_TOKEN: Variable = Variable::new(
    "DISCORD_BOT_TOKEN",
    "the only bot token that is accepted; any if unset",
)
.secret();
const CLIENT_ID: Variable = Variable::new(
    "DISCORD_CLIENT_ID",
    "the only OAuth2 client id that is accepted; any if unset",
);
const CLIENT_SECRET: Variable = Variable::new(
    "DISCORD_CLIENT_SECRET",
    "the only OAuth2 client secret that is accepted; any if unset",
)
.secret();

/// The bot's name unless another one is configured.
const BOT_NAME: &str = "fanfare";

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port to listen on; 0 = any free one.
    pub port: u16,
    /// The same seed gives the same ids, and the same sequence of a scenario.
    pub seed: u64,
    /// The user (id or name) whom the authorize page logs in without a click.
    pub auto_approve: Option<String>,
    /// The only bot token that is accepted; any if `None`.
    pub bot_token: Option<Secret>,
    /// The only OAuth2 client id that is accepted; any if `None`.
    pub client_id: Option<String>,
    /// The only OAuth2 client secret that is accepted; any if `None`.
    pub client_secret: Option<Secret>,
    /// What happens by itself from the start.
    pub scenario: Option<Scenario>,
    /// The interval that HELLO announces.
    pub heartbeat_interval: Duration,
    /// For how long a session without a connection can be resumed.
    pub session_ttl: Duration,
    /// How many dispatches a session keeps for a replay; the oldest are forgotten.
    pub replay_limit: usize,
    /// How many shards `/gateway/bot` recommends.
    pub shards: u32,
    /// How many shards may identify in the same interval.
    pub max_concurrency: u32,
    /// The interval of [`Config::max_concurrency`].
    pub identify_interval: Duration,
    /// How many sessions may be started in 24 h.
    pub session_budget: u32,
    /// The privileged intents that are switched on for the application (bits 1, 8 and 15).
    pub privileged_intents: u64,
    /// Whether channels that the bot can't view are obfuscated on the Gateway.
    pub obfuscate: bool,
    /// Whether REST calls are limited.
    pub rest_limits: bool,
    /// The bot's user name.
    pub bot_name: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            seed: 1,
            auto_approve: None,
            bot_token: None,
            client_id: None,
            client_secret: None,
            scenario: None,
            heartbeat_interval: Duration::from_millis(41_250),
            session_ttl: Duration::from_secs(90),
            replay_limit: 10_000,
            shards: 1,
            max_concurrency: 1,
            identify_interval: Duration::from_secs(5),
            session_budget: 1_000,
            privileged_intents: crate::gateway::intents::PRIVILEGED,
            obfuscate: true,
            rest_limits: true,
            bot_name: BOT_NAME.to_owned(),
        }
    }
}

impl Config {
    /// What can be set in the environment, for `--help`.
    pub const VARIABLES: &'static [Variable] = &[
        PORT,
        BIND,
        SEED,
        AUTO_APPROVE,
        HEARTBEAT_MS,
        SESSION_TTL,
        SHARDS,
        MAX_CONCURRENCY,
        IDENTIFY_INTERVAL_MS,
        SESSION_STARTS,
        BOT_TOKEN,
        CLIENT_ID,
        CLIENT_SECRET,
    ];

    /// Where a simulator says that it lives.
    pub const PROBE: Probe = Probe {
        name: "the simulator",
        port: PORT,
        bind: BIND,
        path: "/",
    };

    /// Reads the environment; what is wrong is told by [`Env::finish`].
    pub fn read(env: &mut Env) -> Self {
        let plain = Self::default();
        let config = Self {
            bind: env.parse_or(&BIND, plain.bind),
            port: env.parse_or(&PORT, 4_000),
            seed: env.parse_or(&SEED, plain.seed),
            auto_approve: env.text(&AUTO_APPROVE),
            bot_token: env.secret(&BOT_TOKEN),
            client_id: env.text(&CLIENT_ID),
            client_secret: env.secret(&CLIENT_SECRET),
            heartbeat_interval: Duration::from_millis(env.parse_or(&HEARTBEAT_MS, 41_250)),
            session_ttl: env.seconds(&SESSION_TTL, plain.session_ttl),
            shards: env.parse_or(&SHARDS, plain.shards),
            max_concurrency: env.parse_or(&MAX_CONCURRENCY, plain.max_concurrency),
            identify_interval: Duration::from_millis(env.parse_or(&IDENTIFY_INTERVAL_MS, 5_000)),
            session_budget: env.parse_or(&SESSION_STARTS, plain.session_budget),
            ..plain
        };
        if config.heartbeat_interval < Duration::from_millis(100) {
            env.fault(&HEARTBEAT_MS, "is too short: it needs 100 or more");
        }
        for (variable, number) in [
            (&SHARDS, config.shards),
            (&MAX_CONCURRENCY, config.max_concurrency),
            (&SESSION_STARTS, config.session_budget),
        ] {
            if number == 0 {
                env.fault(variable, "is 0: it needs 1 or more");
            }
        }
        if let Some(name) = &config.auto_approve
            && config.world().find_user(name).is_none()
        {
            let names: Vec<String> = config
                .world()
                .users
                .into_values()
                .map(|user| user.name)
                .collect();
            env.fault(
                &AUTO_APPROVE,
                format!(
                    "there is no user `{name}`; it may be an id or one of {}",
                    names.join(", ")
                ),
            );
        }
        config
    }

    /// The world as this configuration makes it.
    pub(crate) fn world(&self) -> World {
        let mut world = World::seeded(self.seed, &self.bot_name);
        world.obfuscates = self.obfuscate;
        world.shards = u64::from(self.shards.max(1));
        if let Some(application) = self.client_id.as_deref().and_then(|id| id.parse().ok()) {
            world.application = application;
        }
        world
    }
}
