//! The command line of the `simulator` program.

use std::{fs, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use environment::{EXIT_CONFIG, Env};
use lifecycle::Lifecycle;
use simulator::{App, Config, Scenario};
use telemetry::TelemetryConfig;

/// How long open connections are waited for at the end.
const GRACE: Duration = Duration::from_secs(5);

/// A stand-in for Discord: Gateway, REST, OAuth2, pictures, and a page to make things happen.
#[derive(Debug, Parser)]
#[command(version, after_long_help = variables(), after_help = variables())]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// What happens by itself: `lively`, `storm` or a file of JSON lines.
    #[arg(global = true, long, value_name = "lively|storm|FILE")]
    scenario: Option<String>,
    /// Events a second of the scenario.
    #[arg(
        global = true,
        long,
        value_name = "EVENTS_PER_SECOND",
        default_value_t = 1.0
    )]
    rate: f64,
    /// The same seed gives the same ids and the same sequence of events (instead of `SIM_SEED`).
    #[arg(global = true, long)]
    seed: Option<u64>,
    /// The port to listen on; 0 = any free one (instead of `SIM_PORT`).
    #[arg(global = true, long)]
    port: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says whether the configuration is right, and ends.
    Check,
}

fn variables() -> String {
    environment::table(&[Config::VARIABLES, telemetry::VARIABLES].concat())
}

impl Cli {
    /// Runs the program.
    pub(crate) async fn run(self) -> ExitCode {
        let mut env = Env::of_process();
        let mut config = Config::read(&mut env);
        let telemetry = TelemetryConfig::read(&mut env);
        for (set, meant) in env.near_misses(Config::VARIABLES) {
            eprintln!("warning: {set} is set but unknown; {meant} may be meant");
        }
        let mut faults: Vec<String> = env
            .finish()
            .err()
            .map(|error| error.to_string())
            .into_iter()
            .collect();
        config.seed = self.seed.unwrap_or(config.seed);
        config.port = self.port.unwrap_or(config.port);
        match self.scenario(config.seed) {
            Ok(scenario) => config.scenario = scenario,
            Err(fault) => faults.push(fault),
        }
        if !faults.is_empty() {
            eprintln!("{}", faults.join("\n"));
            return ExitCode::from(EXIT_CONFIG);
        }
        if matches!(self.command, Some(Command::Check)) {
            println!("ok: the configuration is right");
            return ExitCode::SUCCESS;
        }
        serve(config, telemetry).await
    }

    fn scenario(&self, seed: u64) -> Result<Option<Scenario>, String> {
        if !(self.rate > 0.0 && self.rate.is_finite()) {
            return Err(format!("--rate is {}: it has to be above 0", self.rate));
        }
        let Some(name) = &self.scenario else {
            return Ok(None);
        };
        let text = match name.as_str() {
            "lively" | "storm" => name.clone(),
            path => {
                fs::read_to_string(path).map_err(|error| format!("--scenario {path}: {error}"))?
            }
        };
        let scenario: Scenario = text
            .parse()
            .map_err(|error| format!("--scenario {name}: {error}"))?;
        Ok(Some(scenario.with(self.rate, seed)))
    }
}

async fn serve(config: Config, telemetry: TelemetryConfig) -> ExitCode {
    let telemetry = match telemetry::install(&telemetry, "simulator") {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("logs and traces can't be set up: {error}");
            return ExitCode::FAILURE;
        }
    };
    let (bind, port) = (config.bind, config.port);
    let app = match App::build(config).await {
        Ok(app) => app,
        Err(error) => {
            eprintln!("the simulator can't listen on {bind}:{port}: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("Discord simulator on http://{}", app.addr());
    for (id, name) in app.guilds() {
        println!("  guild {id}  {name}");
    }
    let lifecycle = Lifecycle::new();
    app.start(&lifecycle);
    let code = lifecycle.run_until_signal(GRACE).await;
    telemetry.shutdown().await;
    code
}
