//! `web check`: is everything there that web needs, and what to do if not.

use std::time::{Duration, Instant};

use event_bus::BusConfig;
use gateway_registry::{RegistryConfig, RegistryError};
use link::{Client, Endpoint, Timing};
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
pub async fn run(config: &Config, findings: &mut Findings) {
    findings.ok("the configuration is complete");
    addresses(config, findings);
    bus(config, findings).await;
    sessions(config, findings).await;
    links(config, findings).await;
    discord(config, findings).await;
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
                let error = error.to_string();
                let error = error.trim_end_matches('.');
                return findings.fail(format!("{who} can't be used: {error}. {variables}"));
            }
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn sessions(config: &Config, findings: &mut Findings) {
    match &config.sessions {
        SessionStoreConfig::Memory => findings.warn("sign-ins are kept in memory: a restart signs everybody out, and a second replica would not know who signed in at the first; for several replicas set REDIS_URL, or SESSION_STORE=postgres with DATABASE_URL"),
        SessionStoreConfig::Cookie(None) => findings.warn("sign-ins lie in the browsers' cookies, but without Redis only this process knows which were ended: there can be only one replica, and its restart forgets them; set REDIS_URL"),
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

/// Whether those can be reached that do what users ask for.
async fn links(config: &Config, findings: &mut Findings) {
    let Some(token) = &config.link_token else {
        if !matches!(config.bus, BusConfig::Memory { .. }) {
            findings.note("LINK_TOKEN is not set: everybody can watch, nobody can make rooms, invite or write");
        }
        return;
    };
    let addresses = match (&config.gateway_url, &config.registry, &config.bus) {
        // Of LINK as the event bus the answer was waited for already; gateways of this process are not reached over LINK.
        (_, _, BusConfig::Link { .. }) | (None, RegistryConfig::Single, _) => return,
        (Some(url), ..) => vec![url.clone()],
        (None, registry @ RegistryConfig::Redis(_), _) => match gateways(registry).await {
            Ok(addresses) if addresses.is_empty() => {
                return findings.note("no gateway that serves LINK is running yet");
            }
            Ok(addresses) => addresses,
            Err(error) => {
                return findings.fail(format!("the gateways can't be looked up: {error}"));
            }
        },
    };
    for address in addresses {
        let endpoint = match Endpoint::new(&address, token.clone()) {
            Ok(endpoint) => endpoint,
            Err(error) => {
                findings.fail(format!("a gateway can't be asked: {error}"));
                continue;
            }
        };
        match Client::new(endpoint, Timing::default()).reach().await {
            Ok(()) => findings.ok(format!("the gateway at {address} takes LINK_TOKEN")),
            Err(error) => findings.fail(format!(
                "the gateway at {address} can't be asked: {error}. Is it reached from here by this address (LINK_ADVERTISE_URL there), is LINK_TOKEN the same?"
            )),
        }
    }
}

/// Where the running gateways serve LINK.
async fn gateways(registry: &RegistryConfig) -> Result<Vec<String>, RegistryError> {
    let registry = registry.connect();
    let deadline = Instant::now() + BUS_PATIENCE;
    loop {
        match registry.alive().await {
            Ok(alive) => {
                let addresses = alive.into_iter().filter_map(|gateway| gateway.link_url);
                return Ok(addresses.collect());
            }
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
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
