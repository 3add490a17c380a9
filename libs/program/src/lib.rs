#![doc = include_str!("../README.md")]

mod findings;
mod loopback;
mod probe;

pub use findings::Findings;
pub use probe::Probe;

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use environment::{EXIT_CONFIG, Env, Variable};
use telemetry::TelemetryConfig;

/// A binary with the commands `run` (the default), `check` and `health`.
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
}

impl Program {
    /// The whole program, with the arguments and the environment of the process.
    pub async fn main<C>(
        self,
        read: impl FnOnce(&mut Env) -> C,
        run: impl AsyncFnOnce(C) -> ExitCode,
        check: impl AsyncFnOnce(&C) -> Findings,
    ) -> ExitCode {
        let matches = self.arguments([]);
        if matches.subcommand_name() == Some("health") {
            return self.health(Env::of_process()).await;
        }
        let mut env = Env::of_process();
        let (config, telemetry) = match self.configure(&mut env, read) {
            Ok(configured) => configured,
            Err(code) => return code,
        };
        match matches.subcommand_name() {
            Some("check") => self.report(&env, &[check(&config).await]),
            _ => self.observed(&env, &telemetry, run(config)).await,
        }
    }

    /// Reads the arguments of the process; `--help`, `--version` and wrong ones end it here.
    pub fn arguments(&self, more: impl IntoIterator<Item = Arg>) -> ArgMatches {
        let run = Command::new("run").about("Run it (the default)");
        let check = Command::new("check")
            .about("Check the configuration and what it names, and say what to do");
        self.command()
            .args(more)
            .subcommands([run, check])
            .get_matches()
    }

    /// The command `health`: asks this program's own running process on this machine.
    pub async fn health(&self, env: Env) -> ExitCode {
        probe::health(self.name, self.probes, env).await
    }

    /// The command line without commands, for a binary that has its own.
    pub fn command(&self) -> Command {
        Command::new(self.name)
            .about(self.about)
            .version(env!("CARGO_PKG_VERSION"))
            .after_help(environment::table(self.variables))
            .subcommand(
                Command::new("health").about(
                    "Ask the running process on this machine whether it lives (0 yes, 1 no)",
                ),
            )
    }

    /// Reads the configuration; what is wrong with it is printed, all at once.
    pub fn configure<C>(
        &self,
        env: &mut Env,
        read: impl FnOnce(&mut Env) -> C,
    ) -> Result<(C, TelemetryConfig), ExitCode> {
        let telemetry = TelemetryConfig::read(env);
        let config = read(env);
        match env.finish() {
            Ok(()) => Ok((config, telemetry)),
            Err(error) => {
                eprintln!("{}: {error}", self.name);
                for (set, meant) in env.near_misses(self.variables) {
                    eprintln!("{set} is set and nobody reads it; maybe {meant} is meant");
                }
                Err(ExitCode::from(EXIT_CONFIG))
            }
        }
    }

    /// Runs with logs and traces installed, and sends the last traces at the end.
    pub async fn observed(
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
        let code = run.await;
        telemetry.shutdown().await;
        code
    }

    /// Prints what was found; the exit code says whether everything needed is there.
    pub fn report(&self, env: &Env, findings: &[Findings]) -> ExitCode {
        for (set, meant) in env.near_misses(self.variables) {
            println!("note  {set} is set and nobody reads it; maybe {meant} is meant");
        }
        for line in findings.iter().flat_map(Findings::lines) {
            println!("{line}");
        }
        if findings.iter().all(Findings::passed) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    /// Says why it ends.
    pub fn failed(&self, error: &dyn std::fmt::Display) -> ExitCode {
        eprintln!("{}: {error}", self.name);
        ExitCode::FAILURE
    }
}
