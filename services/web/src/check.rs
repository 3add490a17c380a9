//! `web check`: is everything there that web needs, and what to do if not.

use std::time::{Duration, Instant};

use event_bus::BusConfig;
use program::Findings;
use prometheus::Registry;
use session_store::SessionStoreConfig;
use tokio::time::sleep;

use crate::{
    config::Config,
    discord::{Discord, DiscordError},
};

/// How long Redis or the gateway may take to answer for the first time.
const BUS_PATIENCE: Duration = Duration::from_secs(5);

/// Checks a configuration that is complete.
pub async fn run(config: &Config) -> Findings {
    let mut findings = Findings::default();
    findings.ok("the configuration is complete");
    addresses(config, &mut findings);
    bus(config, &mut findings).await;
    sessions(config, &mut findings).await;
    discord(config, &mut findings).await;
    findings
}

fn addresses(config: &Config, findings: &mut Findings) {
    let origin = config.origin();
    if config.is_secure() {
        findings.ok(format!(
            "browsers come to {origin}; the cookie is sent over TLS only"
        ));
    } else {
        findings.note(format!("browsers come to {origin}, on this machine only: for others BASE_URL has to be an https address"));
    }
    if let Some(domain) = &config.cookie_domain {
        findings.note(format!(
            "every host under {domain} receives the cookie (COOKIE_DOMAIN)"
        ));
    }
    findings.note(format!(
        "register this redirect at Discord (Developer Portal, your application, OAuth2), letter by letter: {}",
        config.redirect_uri()
    ));
}

async fn bus(config: &Config, findings: &mut Findings) {
    let (who, variables) = match &config.bus {
        BusConfig::Redis { .. } => ("Redis", "Is REDIS_URL right, is Redis running?"),
        BusConfig::Link { .. } => (
            "the gateway",
            "Are GATEWAY_WS_URL and LINK_TOKEN right, is the gateway running?",
        ),
        BusConfig::Memory { .. } | BusConfig::Served { .. } => {
            findings.note("events stay in memory: only a gateway in the same process (`fanfare`) reaches these browsers");
            return;
        }
    };
    let bus = config.bus.connect(&Registry::new());
    let deadline = Instant::now() + BUS_PATIENCE;
    loop {
        match bus.ping().await {
            Ok(()) => return findings.ok(format!("{who} answers")),
            Err(error) if Instant::now() > deadline => {
                return findings.fail(format!("{who} can't be used: {error}. {variables}"));
            }
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn sessions(config: &Config, findings: &mut Findings) {
    match &config.sessions {
        SessionStoreConfig::Memory => findings.note("sign-ins are kept in memory: a restart signs everybody out, and there can be only one replica"),
        SessionStoreConfig::Cookie(None) => findings.note("sign-ins lie in the browsers' cookies, but without Redis only this process knows which were ended: there can be only one replica, and its restart forgets them; set REDIS_URL"),
        SessionStoreConfig::Cookie(Some(_)) => findings.ok("sign-ins lie in the browsers' cookies, and which were ended lies in Redis"),
        // It is the same Redis.
        SessionStoreConfig::Redis(_) => {}
        SessionStoreConfig::Postgres(_) => match config.connect_sessions().ping().await {
            Ok(()) => findings.ok("PostgreSQL answers and has the tables of sign-ins"),
            Err(error) => findings.fail(format!(
                "PostgreSQL can't be used: {error}. Is DATABASE_URL right, is PostgreSQL running, may its user create a schema?"
            )),
        },
    }
}

async fn discord(config: &Config, findings: &mut Findings) {
    let discord = match Discord::new(config) {
        Ok(discord) => discord,
        Err(error) => return findings.fail(format!("DISCORD_API_URL can't be used: {error}")),
    };
    match discord.check().await {
        Ok(()) => findings.ok("Discord knows the application by DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET"),
        Err(DiscordError::Refused(code)) => findings.fail(format!(
            "Discord refuses DISCORD_CLIENT_ID with DISCORD_CLIENT_SECRET ({code}): copy both anew from the Developer Portal, OAuth2"
        )),
        Err(error) => findings.fail(format!(
            "Discord can't be asked: {error}. Is DISCORD_API_URL right, is the way out open?"
        )),
    }
}
