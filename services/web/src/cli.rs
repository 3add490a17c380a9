//! The command line.

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use environment::{EXIT_CONFIG, Env, table};
use lifecycle::Lifecycle;
use telemetry::TelemetryConfig;

use crate::{App, Config, VARIABLES, check};

/// Fans events out to signed-in browsers.
#[derive(Debug, Parser)]
#[command(name = "web", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Run web (the default).
    Run,
    /// Check the configuration, Redis and Discord, and say what to do about what is wrong.
    Check,
}

/// The whole program, with the arguments and the environment of the process.
pub async fn main() -> ExitCode {
    let matches = Cli::command().after_help(table(VARIABLES)).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let mut env = Env::of_process();
    match cli.command.unwrap_or(Command::Run) {
        Command::Run => run(&mut env).await,
        Command::Check => check::main(&mut env).await,
    }
}

async fn run(env: &mut Env) -> ExitCode {
    let telemetry = TelemetryConfig::read(env);
    let config = Config::read(env);
    if let Err(error) = env.finish() {
        eprintln!("web: {error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    let telemetry = match telemetry::install(&telemetry, "web") {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("web: {error}");
            return ExitCode::FAILURE;
        }
    };
    for (set, meant) in env.near_misses(VARIABLES) {
        tracing::warn!(
            component = "Internal",
            set,
            meant,
            "a variable is set that nobody reads; maybe another one is meant"
        );
    }
    let code = serve(config).await;
    telemetry.shutdown().await;
    code
}

async fn serve(config: Config) -> ExitCode {
    let grace = config.grace;
    let app = match App::build(config).await {
        Ok(app) => app,
        Err(error) => {
            tracing::error!(component = "Internal", %error, "web can't start");
            return ExitCode::FAILURE;
        }
    };
    let lifecycle = Lifecycle::new();
    app.start(&lifecycle);
    lifecycle.run_until_signal(grace).await
}
