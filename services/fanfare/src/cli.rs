//! The command line.

use std::process::ExitCode;

use clap::Command;
use environment::{Env, Variable};
use program::Program;

use crate::{defaults, parts::Parts, secrets};

/// The whole program, with the arguments and the environment of the process.
pub(crate) async fn main() -> ExitCode {
    let program = Program {
        name: "fanfare",
        about: "Discord events, live in every browser: gateway and web in one process",
        variables: variables().leak(),
        probes: &[gateway::PROBE, web::PROBE],
        log: Some(gateway::LOG),
    };
    let demo =
        Command::new("demo").about("Run with a simulated Discord and print the address to open");
    let run = Command::new("run").about(
        "Run against Discord (needs DISCORD_BOT_TOKEN, DISCORD_CLIENT_ID, DISCORD_CLIENT_SECRET)",
    );
    let matches = program
        .command()
        .subcommand_required(true)
        .subcommands([demo, run, secrets::command()])
        .get_matches();
    if let Some((secrets::NAME, arguments)) = matches.subcommand() {
        return match secrets::run(arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => program.failed(&error),
        };
    }
    let mut env = Env::of_process();
    let simulated = matches.subcommand_name() == Some("demo");
    if simulated {
        defaults::demo(&mut env);
    } else if !matches!(matches.subcommand_name(), Some("health" | "log")) {
        defaults::run(&mut env);
    }
    // Two services and a simulator make a large future.
    Box::pin(program.dispatch(
        &matches,
        env,
        |env| Parts::read(env, simulated),
        async |parts| match parts.run().await {
            Ok(code) => code,
            Err(error) => program.failed(&error),
        },
        async |parts, findings| parts.check(findings).await,
    ))
    .await
}

/// Every variable of the parts, each once.
fn variables() -> Vec<Variable> {
    let parts = [
        gateway::VARIABLES,
        web::VARIABLES,
        simulator::Config::VARIABLES,
    ];
    let mut all: Vec<Variable> = Vec::new();
    for variable in parts.into_iter().flatten() {
        if !all.iter().any(|known| known.name == variable.name) {
            all.push(*variable);
        }
    }
    for variable in &mut all {
        if variable.group.is_empty() {
            variable.group = "Simulator (demo)";
        }
    }
    all
}
