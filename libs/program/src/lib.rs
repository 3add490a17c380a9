#![doc = include_str!("../README.md")]

mod collector;
mod effective;
mod findings;
mod hangup;
mod log;
mod loopback;
mod probe;

pub use findings::Findings;
pub use probe::Probe;

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use environment::{ConfigError, EXIT_CONFIG, Env, Variable};
use telemetry::TelemetryConfig;

/// How the exit codes are told in `--help`.
const EXIT_CODES: &str = "Exit codes:\n  \
    0   it went well\n  \
    1   it failed; `check` found what has to be mended, `health` found nobody well\n  \
    2   the arguments are wrong\n  \
    78  the configuration is wrong (everything that is wrong is printed)";

/// A binary with the commands `run` (the default), `check`, `config`, `health` and `log`.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// One sentence: what it does.
    pub about: &'static str,
    /// Every variable that it reads.
    pub variables: &'static [Variable],
    /// What `health` asks: its own servers.
    pub probes: &'static [Probe],
    /// Where `log` asks; `None` = there is no such command.
    pub log: Option<Probe>,
}

impl Program {
    /// The whole program, with the arguments and the environment of the process.
    pub async fn main<C>(
        self,
        read: impl FnOnce(&mut Env) -> C,
        run: impl AsyncFnOnce(C) -> ExitCode,
        check: impl AsyncFnOnce(&C, &mut Findings),
    ) -> ExitCode {
        let matches = self.arguments([]);
        let env = Env::of_process();
        self.dispatch(&matches, env, read, run, check).await
    }

    /// Reads the arguments of the process; `--help`, `--version` and wrong ones end it here.
    pub fn arguments(&self, more: impl IntoIterator<Item = Arg>) -> ArgMatches {
        let run = Command::new("run").about("Run it (the default)");
        self.command().args(more).subcommand(run).get_matches()
    }

    /// The command line with everything but what runs it, for a binary that says that itself.
    pub fn command(&self) -> Command {
        let check = Command::new("check")
            .about("Check the configuration, reach what it names, and say what to do");
        let health = Command::new("health")
            .about("Ask the running process on this machine whether it lives (0 yes, 1 no)");
        let variables = environment::table(self.variables);
        Command::new(self.name)
            .about(self.about)
            .version(version())
            .after_help(format!("{variables}\n{EXIT_CODES}"))
            .subcommands([check, effective::command(), health])
            .subcommands(self.log.map(|_| log::command()))
    }

    /// Does what the arguments say; whatever they call running is running.
    pub async fn dispatch<C>(
        &self,
        matches: &ArgMatches,
        mut env: Env,
        read: impl FnOnce(&mut Env) -> C,
        run: impl AsyncFnOnce(C) -> ExitCode,
        check: impl AsyncFnOnce(&C, &mut Findings),
    ) -> ExitCode {
        match (matches.subcommand(), &self.log) {
            (Some(("health", _)), _) => return probe::health(self.name, self.probes, env).await,
            (Some((log::NAME, arguments)), Some(probe)) => {
                return log::run(self.name, probe, arguments, env).await;
            }
            _ => {}
        }
        let telemetry = TelemetryConfig::read(&mut env);
        let config = read(&mut env);
        if let Some((effective::NAME, arguments)) = matches.subcommand() {
            effective::print(&env, self.variables, arguments);
        }
        if let Err(error) = env.finish() {
            return self.misconfigured(&env, &error);
        }
        match matches.subcommand_name() {
            Some(effective::NAME) => ExitCode::SUCCESS,
            Some("check") => {
                let mut findings = Findings::shown();
                self.unread(&env, &mut findings);
                if let Some(endpoint) = &telemetry.otlp_endpoint {
                    collector::check(endpoint, &mut findings).await;
                }
                check(&config, &mut findings).await;
                println!("{}", findings.summary());
                ExitCode::from(u8::from(!findings.passed()))
            }
            _ => self.observed(&env, &telemetry, run(config)).await,
        }
    }

    fn misconfigured(&self, env: &Env, error: &ConfigError) -> ExitCode {
        eprintln!("{}: {error}", self.name);
        for (set, meant) in env.near_misses(self.variables) {
            eprintln!("{set} is set and nobody reads it; maybe {meant} is meant");
        }
        ExitCode::from(EXIT_CONFIG)
    }

    /// Says what is set and nobody reads.
    fn unread(&self, env: &Env, findings: &mut Findings) {
        for (set, meant) in env.near_misses(self.variables) {
            findings.warn(format!(
                "{set} is set and nobody reads it; maybe {meant} is meant"
            ));
        }
        for set in env.strangers(self.variables) {
            findings.warn(format!(
                "{set} is set and nobody reads it: `{} --help` lists what is read",
                self.name
            ));
        }
    }

    /// Runs with logs and traces installed, and sends the last traces at the end.
    async fn observed(
        &self,
        env: &Env,
        telemetry: &TelemetryConfig,
        run: impl Future<Output = ExitCode>,
    ) -> ExitCode {
        let telemetry = match telemetry::install(telemetry, self.name) {
            Ok(telemetry) => telemetry,
            Err(error) => return self.failed(&error),
        };
        for (set, meant) in env.near_misses(self.variables) {
            tracing::warn!(
                component = "Internal",
                set,
                meant,
                "a variable is set that nobody reads; maybe another one is meant"
            );
        }
        let code = tokio::select! {
            code = run => code,
            never = hangup::change_logs() => match never {},
        };
        telemetry.shutdown().await;
        code
    }

    /// Says why it ends.
    pub fn failed(&self, error: &dyn std::fmt::Display) -> ExitCode {
        eprintln!("{}: {error}", self.name);
        ExitCode::FAILURE
    }
}

/// Version, and the commit if whoever built it told (`FANFARE_COMMIT` in the environment of the compiler): a build from an archive has none.
pub fn version() -> &'static str {
    match option_env!("FANFARE_COMMIT") {
        Some(commit) if !commit.is_empty() => {
            // Once for each program.
            format!("{} ({commit})", env!("CARGO_PKG_VERSION")).leak()
        }
        _ => env!("CARGO_PKG_VERSION"),
    }
}
