//! The command line of the `simulator` program.

use std::{fs, process::ExitCode, time::Duration};

use clap::{Arg, ArgMatches, parser::ValueSource, value_parser};
use environment::{Env, Group, Variable, count, grouped};
use lifecycle::Lifecycle;
use program::{Findings, Program};
use simulator::{App, Config, Scenario};

/// How long open connections are waited for at the end.
const GRACE: Duration = Duration::from_secs(5);

/// Faults of the command line are told with those of the environment.
const SCENARIO: Variable = Variable::new("--scenario", "`lively`, `storm` or a file of JSON lines");
const RATE: Variable = Variable::new("--rate", "events a second, above 0");

/// Runs the program.
pub(crate) async fn run() -> ExitCode {
    const GROUPS: &[Group<'_>] = &[
        ("Simulator", Config::VARIABLES),
        ("Telemetry", telemetry::VARIABLES),
    ];
    const VARIABLES: [Variable; count(GROUPS)] = grouped(GROUPS);
    let program = Program {
        name: "simulator",
        about: "A stand-in for Discord: Gateway, REST, OAuth2, pictures, and a page to make things happen",
        variables: &VARIABLES,
        probes: &[Config::PROBE],
        log: None,
    };
    let arguments = program.arguments(options());
    let mut env = Env::of_process();
    for (name, variable) in [("port", "SIM_PORT"), ("seed", "SIM_SEED")] {
        if let Some(ValueSource::CommandLine) = arguments.value_source(name)
            && let Some(mut raw) = arguments.get_raw(name)
            && let Some(value) = raw.next().and_then(|value| value.to_str())
        {
            env.set(variable, value);
        }
    }
    program
        .dispatch(
            &arguments,
            env,
            |env| read(env, &arguments),
            async |config| serve(&program, config).await,
            async |config, findings| check(config, findings),
        )
        .await
}

fn options() -> [Arg; 4] {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .help(help)
            .global(true)
    };
    [
        option(
            "scenario",
            "lively|storm|FILE",
            "What happens by itself: `lively`, `storm` or a file of JSON lines",
        ),
        option(
            "rate",
            "EVENTS_PER_SECOND",
            "Events a second of the scenario",
        )
        .value_parser(value_parser!(f64))
        .default_value("1"),
        option(
            "seed",
            "N",
            "The same seed gives the same ids and events (instead of SIM_SEED)",
        )
        .value_parser(value_parser!(u64)),
        option(
            "port",
            "N",
            "The port to listen on; 0 = any free one (instead of SIM_PORT)",
        )
        .value_parser(value_parser!(u16)),
    ]
}

/// The environment's configuration with what the command line says.
fn read(env: &mut Env, arguments: &ArgMatches) -> Config {
    let mut config = Config::read(env);
    let rate: f64 = arguments.get_one("rate").copied().unwrap_or(1.0);
    if !(rate > 0.0 && rate.is_finite()) {
        env.fault(&RATE, format!("`{rate}` is not valid: {}", RATE.help));
    }
    if let Some(name) = arguments.get_one::<String>("scenario") {
        match scenario(name) {
            Ok(scenario) => config.scenario = Some(scenario.with(rate, config.seed)),
            Err(error) => env.fault(&SCENARIO, format!("{name}: {error}: {}", SCENARIO.help)),
        }
    }
    config
}

fn scenario(name: &str) -> Result<Scenario, String> {
    let text = match name {
        "lively" | "storm" => name.to_owned(),
        path => fs::read_to_string(path).map_err(|error| error.to_string())?,
    };
    text.parse()
        .map_err(|error: simulator::ScenarioError| error.to_string())
}

fn check(config: &Config, findings: &mut Findings) {
    findings.ok("the configuration is right");
    findings.ok(format!(
        "it would listen on {}:{}",
        config.bind, config.port
    ));
    if !config.bind.is_loopback() {
        findings.note("it listens beyond loopback: whoever reaches it can be anybody");
    }
}

async fn serve(program: &Program, config: Config) -> ExitCode {
    let (bind, port) = (config.bind, config.port);
    let app = match App::build(config).await {
        Ok(app) => app,
        Err(error) => return program.failed(&format!("can't listen on {bind}:{port}: {error}")),
    };
    println!("Discord simulator on http://{}", app.addr());
    for (id, name) in app.guilds() {
        println!("  guild {id}  {name}");
    }
    let lifecycle = Lifecycle::new();
    app.start(&lifecycle);
    lifecycle.run_until_signal(GRACE).await
}
