//! `web check`: is everything there that web needs, and what to do if not.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use environment::{EXIT_CONFIG, Env};
use event_bus::BusConfig;
use prometheus::Registry;
use telemetry::TelemetryConfig;
use tokio::time::sleep;

use crate::{
    VARIABLES,
    config::Config,
    discord::{Discord, DiscordError},
};

/// How long Redis may take to answer for the first time.
const BUS_PATIENCE: Duration = Duration::from_secs(5);

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
        eprintln!("web: {error}");
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
    addresses(config, &mut findings);
    bus(config, &mut findings).await;
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
    let BusConfig::Redis { .. } = &config.bus else {
        findings.note("events stay in memory: only a gateway in the same process (`fanfare`) reaches these browsers");
        return;
    };
    let bus = config.bus.connect(&Registry::new());
    let deadline = Instant::now() + BUS_PATIENCE;
    loop {
        match bus.ping().await {
            Ok(()) => return findings.ok("Redis answers"),
            Err(error) if Instant::now() > deadline => {
                return findings.fail(format!(
                    "Redis can't be used: {error}. Is REDIS_URL right, is Redis running?"
                ));
            }
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
