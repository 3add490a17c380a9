//! `gateway check`: is everything there that the gateway needs, and what to do if not.

use std::{collections::BTreeSet, process::ExitCode, time::Duration};

use contracts::{GuildId, UserId};
use discord::{Intents, Rest, RestError, model::Application};
use environment::{EXIT_CONFIG, Env};
use event_bus::BusConfig;
use telemetry::TelemetryConfig;
use tokio::time::{Instant, sleep, timeout};

use crate::{Config, VARIABLES};

/// How long Redis may take to answer for the first time.
const BUS_PATIENCE: Duration = Duration::from_secs(5);
/// How long any question to Discord may take.
const DISCORD_PATIENCE: Duration = Duration::from_secs(30);

/// What the check found, line by line.
#[derive(Debug, Default)]
pub struct Findings {
    lines: Vec<String>,
    failed: bool,
}

impl Findings {
    fn ok(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("ok    {}", what.as_ref()));
    }

    fn note(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("note  {}", what.as_ref()));
    }

    fn fail(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("FAIL  {}", what.as_ref()));
        self.failed = true;
    }

    /// Whether everything that is needed is there.
    pub fn passed(&self) -> bool {
        !self.failed
    }

    /// The lines, as they are printed.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// Checks and prints; the exit code is 0, 1 (something does not work) or 78 (configuration).
pub(crate) async fn main(env: &mut Env) -> ExitCode {
    TelemetryConfig::read(env);
    let config = Config::read(env);
    for (set, meant) in env.near_misses(VARIABLES) {
        println!("note  {set} is set and nobody reads it; maybe {meant} is meant");
    }
    if let Err(error) = env.finish() {
        eprintln!("gateway: {error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    let findings = run(&config).await;
    for line in findings.lines() {
        println!("{line}");
    }
    if findings.passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Checks a configuration that is complete.
pub async fn run(config: &Config) -> Findings {
    let mut findings = Findings::default();
    findings.ok("the configuration is complete");
    bus(config, &mut findings).await;
    match config.rest() {
        Ok(rest) => {
            let checks = discord(config, &rest, &mut findings);
            if timeout(DISCORD_PATIENCE, checks).await.is_err() {
                findings.fail("Discord does not answer in time: is DISCORD_API_URL right, is the way out open?");
            }
        }
        Err(error) => findings.fail(format!("DISCORD_API_URL can't be used: {error}")),
    }
    findings
}

async fn bus(config: &Config, findings: &mut Findings) {
    if matches!(config.bus, BusConfig::Memory { .. }) {
        findings.note("the event bus is in memory: no other process sees its events (EVENT_BUS)");
        return;
    }
    let bus = config.bus.connect(&prometheus::Registry::new());
    let deadline = Instant::now() + BUS_PATIENCE;
    loop {
        match bus.ping().await {
            Ok(()) => {
                findings.ok("Redis answers (it needs maxmemory-policy noeviction: events must not be evicted)");
                return;
            }
            Err(error) if Instant::now() >= deadline => {
                findings.fail(format!("Redis does not answer: {error}; see REDIS_URL"));
                return;
            }
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn discord(config: &Config, rest: &Rest, findings: &mut Findings) {
    let bot = match rest.current_user().await {
        Ok(bot) => bot,
        Err(RestError::Unauthorized) => {
            findings.fail("Discord refuses the bot's token: developer portal, Bot, Reset Token, then set DISCORD_BOT_TOKEN");
            return;
        }
        Err(error) => {
            findings.fail(format!("Discord can't be asked: {error}"));
            return;
        }
    };
    findings.ok(format!(
        "the token is valid: bot {} ({})",
        bot.username, bot.id
    ));
    match rest.current_application().await {
        Ok(application) => {
            let name = application.name.clone().unwrap_or_default();
            findings.ok(format!("application {name} ({})", application.id));
            intents(config.intents, &application, findings);
        }
        Err(error) => findings.fail(format!("the application can't be read: {error}")),
    }
    match rest.gateway_bot().await {
        Ok(told) => {
            let limit = told.session_start_limit;
            findings.ok(format!(
                "{} shard(s) recommended, {} of {} session starts left today",
                told.shards, limit.remaining, limit.total
            ));
            if config.shard_count.is_some_and(|count| count < told.shards) {
                findings.note(format!(
                    "SHARD_COUNT is below the {} that Discord recommends",
                    told.shards
                ));
            }
        }
        Err(error) => findings.fail(format!("the Gateway's address can't be asked for: {error}")),
    }
    guilds(config, rest, bot.id, findings).await;
}

/// The privileged intents that are asked for must be switched on in the portal. An application in
/// fewer guilds than need a review has the `_LIMITED` flag (Discord, "Application Flags").
fn intents(asked: Intents, application: &Application, findings: &mut Findings) {
    const SWITCHES: [(Intents, u64, &str); 3] = [
        (
            Intents::GUILD_PRESENCES,
            1 << 12 | 1 << 13,
            "Presence Intent",
        ),
        (
            Intents::GUILD_MEMBERS,
            1 << 14 | 1 << 15,
            "Server Members Intent",
        ),
        (
            Intents::MESSAGE_CONTENT,
            1 << 18 | 1 << 19,
            "Message Content Intent",
        ),
    ];
    for (intent, flags, name) in SWITCHES {
        let on = application.flags & flags != 0;
        match (asked.contains(intent), on) {
            (true, true) => findings.ok(format!("{name} is on")),
            (true, false) => findings.fail(format!(
                "{name} is off, but DISCORD_INTENTS asks for it: switch it on (developer portal, Bot, Privileged Gateway Intents) or ask for less"
            )),
            (false, _) => findings.note(format!(
                "{name} is not asked for: without it some events or texts are missing (DISCORD_INTENTS 36739 asks for all)"
            )),
        }
    }
}

/// The guilds that are named in the configuration must have the bot as a member.
async fn guilds(config: &Config, rest: &Rest, bot: UserId, findings: &mut Findings) {
    let named = config.guilds.iter().flatten().chain(&config.default_guild);
    let named: BTreeSet<GuildId> = named.copied().collect();
    if named.is_empty() {
        findings.note("all guilds of the bot are served (DISCORD_GUILDS narrows it)");
    }
    for guild in named {
        match rest.guild_member(guild, bot).await {
            Ok(Some(_)) => findings.ok(format!("the bot is a member of guild {guild}")),
            Ok(None) | Err(RestError::NotFound { .. } | RestError::Forbidden { .. }) => {
                findings.fail(format!(
                    "the bot is not a member of guild {guild}: invite it (see the README), or correct DISCORD_GUILD_ID and DISCORD_GUILDS"
                ));
            }
            Err(error) => findings.fail(format!("guild {guild} can't be asked for: {error}")),
        }
    }
}
