//! `gateway check`: is everything there that the gateway needs, and what to do if not.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use contracts::GuildId;
use discord::{
    Intents, Rest, RestError,
    model::{Application, CurrentGuild},
};
use event_bus::BusConfig;
use program::Findings;
use redis_link::{RedisLink, Remark, Role};
use tokio::time::{Instant, sleep, timeout};

use crate::Config;

/// How long Redis may take to answer for the first time.
const BUS_PATIENCE: Duration = Duration::from_secs(5);
/// How long any question to Discord may take.
const DISCORD_PATIENCE: Duration = Duration::from_secs(30);

/// Guilds on a page (Discord, "Get Current User Guilds": 200 at most, which is what is asked for).
const GUILD_PAGE: usize = 200;
/// Pages of the bot's guilds that are asked for.
const GUILD_PAGES: usize = 15;
/// How many guilds are looked at where the configuration names none.
const GUILDS_SHOWN: usize = 10;

/// Checks a configuration that is complete.
pub async fn run(config: &Config, findings: &mut Findings) {
    findings.ok("the configuration is complete");
    bus(config, findings).await;
    match config.rest() {
        Ok(rest) => {
            let checks = discord(config, &rest, findings);
            if timeout(DISCORD_PATIENCE, checks).await.is_err() {
                findings.fail("Discord does not answer in time: is DISCORD_API_URL right, is the way out open?");
            }
        }
        Err(error) => findings.fail(format!("DISCORD_API_URL can't be used: {error}")),
    }
}

async fn bus(config: &Config, findings: &mut Findings) {
    if matches!(config.bus, BusConfig::Memory { .. }) {
        findings.note("the event bus is in memory: no other process sees its events (EVENT_BUS)");
        return;
    }
    if matches!(config.bus, BusConfig::Served { .. }) {
        findings.note("events are held in memory and served to web over LINK: this is the only gateway, and when it is started anew browsers start anew (EVENT_BUS)");
        return;
    }
    let BusConfig::Redis { redis, .. } = &config.bus else {
        return findings
            .fail("EVENT_BUS says that events come from another gateway: that is for web");
    };
    let link = RedisLink::connect(redis, Role::Commands);
    let deadline = Instant::now() + BUS_PATIENCE;
    loop {
        match link.ping().await {
            Ok(()) => {
                findings.ok("Redis answers");
                return redis_settings(&link, findings).await;
            }
            Err(error) if Instant::now() >= deadline => {
                let error = error.details().trim_end_matches('.');
                return findings.fail(format!(
                    "Redis does not answer: {error}. Is REDIS_URL right, is Redis running?"
                ));
            }
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Settings of Redis that decide what is lost when something goes wrong.
async fn redis_settings(link: &RedisLink, findings: &mut Findings) {
    match link.inspect().await {
        Ok(inspection) => {
            for remark in inspection.remarks() {
                match remark {
                    Remark::Good(what) => findings.ok(what),
                    Remark::Risky(what) => findings.warn(what),
                    Remark::Wrong(what) => findings.fail(what),
                }
            }
        }
        Err(error) => findings.note(format!(
            "Redis does not tell its settings ({error}); it needs maxmemory-policy noeviction and appendonly yes"
        )),
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
            findings.fail(format!(
                "Discord can't be asked: {error}. Is DISCORD_API_URL right, is the way out open?"
            ));
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
    guilds(config, rest, findings).await;
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

/// The bot must be in the guilds that the configuration names, and may do there what Fanfare does.
async fn guilds(config: &Config, rest: &Rest, findings: &mut Findings) {
    let mut of_bot = BTreeMap::new();
    let mut after = None;
    for _ in 0..GUILD_PAGES {
        match rest.current_guilds(after).await {
            Ok(page) => {
                // A page that is not full is the last; asking for one more would wait for Discord's limits.
                after = page.last().map(|guild| guild.id);
                after = after.filter(|_| page.len() >= GUILD_PAGE);
                of_bot.extend(page.into_iter().map(|guild| (guild.id, guild)));
            }
            Err(error) => {
                findings.fail(format!("the bot's guilds can't be asked for: {error}"));
                return;
            }
        }
        if after.is_none() {
            break;
        }
    }
    let named = config.guilds.iter().flatten().chain(&config.default_guild);
    let mut named: BTreeSet<GuildId> = named.copied().collect();
    if named.is_empty() {
        findings.note(format!(
            "all {} guilds of the bot are served (DISCORD_GUILDS narrows it)",
            of_bot.len()
        ));
        if of_bot.is_empty() {
            findings.fail("the bot is in no guild: invite it (see the README)");
        }
        named.extend(of_bot.keys().take(GUILDS_SHOWN));
    }
    for id in named {
        match of_bot.get(&id) {
            Some(guild) => permissions(guild, findings),
            None => findings.fail(format!(
                "the bot is not a member of guild {id}: invite it (see the README), or correct DISCORD_GUILD_ID and DISCORD_GUILDS"
            )),
        }
    }
}

fn permissions(guild: &CurrentGuild, findings: &mut Findings) {
    const ADMINISTRATOR: u64 = 1 << 3;
    const NEEDED: [(u64, &str); 9] = [
        (1 << 10, "View Channels"),
        (1 << 20, "Connect"),
        (1 << 11, "Send Messages"),
        (1 << 16, "Read Message History"),
        (1 << 6, "Add Reactions"),
        (1 << 4, "Manage Channels"),
        (1 << 28, "Manage Roles"),
        (1 << 24, "Move Members"),
        (1 << 29, "Manage Webhooks"),
    ];
    let CurrentGuild {
        id,
        name,
        permissions,
    } = guild;
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|(bit, _)| permissions & (bit | ADMINISTRATOR) == 0)
        .map(|(_, name)| name)
        .collect();
    match missing.as_slice() {
        [] => findings.ok(format!("the bot is in guild {name} ({id}) with all permissions it needs")),
        ["View Channels", ..] => findings.fail(format!(
            "the bot is in guild {name} ({id}) but may not view channels: give its role View Channels"
        )),
        missing => findings.note(format!(
            "the bot is in guild {name} ({id}) without {}: what needs it will be refused",
            missing.join(", ")
        )),
    }
}
