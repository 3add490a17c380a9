//! The command line.

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use environment::{EXIT_CONFIG, Env, Variable, table};
use telemetry::TelemetryConfig;

use crate::{check, defaults, program::Program};

/// Discord events, live in every browser: gateway and web in one process.
#[derive(Debug, Parser)]
#[command(name = "fanfare", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
enum Command {
    /// Run with a simulated Discord and print the address to open.
    Demo,
    /// Run against Discord (needs `DISCORD_BOT_TOKEN`, `DISCORD_CLIENT_ID`, `DISCORD_CLIENT_SECRET`).
    Run,
    /// Check the configuration and Discord, and say what to do about what is wrong.
    Check,
}

/// The whole program, with the arguments and the environment of the process.
pub(crate) async fn main() -> ExitCode {
    let variables = variables();
    let matches = Cli::command().after_help(table(&variables)).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let mut env = Env::of_process();
    let demo = cli.command == Command::Demo;
    if demo {
        defaults::demo(&mut env);
    } else {
        defaults::run(&mut env);
    }
    if cli.command == Command::Check {
        return check::main(env, &variables).await;
    }
    let telemetry = TelemetryConfig::read(&mut env);
    let program = Program::read(&mut env, demo);
    if let Err(error) = env.finish() {
        eprintln!("fanfare: {error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    let telemetry = match telemetry::install(&telemetry, "fanfare") {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("fanfare: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match program.run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fanfare: {error}");
            ExitCode::FAILURE
        }
    };
    telemetry.shutdown().await;
    code
}

/// Every variable of the parts, each once.
fn variables() -> Vec<Variable> {
    let parts = [gateway::VARIABLES, web::VARIABLES, simulator::Config::VARIABLES];
    let mut all: Vec<Variable> = Vec::new();
    for variable in parts.into_iter().flatten() {
        if !all.iter().any(|known| known.name == variable.name) {
            all.push(*variable);
        }
    }
    all
}
