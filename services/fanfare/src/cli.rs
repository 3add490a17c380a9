//! The command line.

use std::process::ExitCode;

use clap::Command;
use environment::{Env, Variable};
use program::Program;

use crate::{defaults, parts::Parts};

/// The whole program, with the arguments and the environment of the process.
pub(crate) async fn main() -> ExitCode {
    let program = Program {
        name: "fanfare",
        about: "Discord events, live in every browser: gateway and web in one process",
        variables: variables().leak(),
        probes: &[gateway::PROBE, web::PROBE],
    };
    let demo =
        Command::new("demo").about("Run with a simulated Discord and print the address to open");
    let run = Command::new("run").about(
        "Run against Discord (needs DISCORD_BOT_TOKEN, DISCORD_CLIENT_ID, DISCORD_CLIENT_SECRET)",
    );
    let check =
        Command::new("check").about("Check the configuration and Discord, and say what to do");
    let commands = program
        .command()
        .subcommand_required(true)
        .subcommands([demo, run, check]);
    let matches = commands.get_matches();

    let mut env = Env::of_process();
    if matches.subcommand_name() == Some("health") {
        return program.health(env).await;
    }
    let simulated = matches.subcommand_name() == Some("demo");
    if simulated {
        defaults::demo(&mut env);
    } else {
        defaults::run(&mut env);
    }
    let (parts, telemetry) = match program.configure(&mut env, |env| Parts::read(env, simulated)) {
        Ok(configured) => configured,
        Err(code) => return code,
    };
    if matches.subcommand_name() == Some("check") {
        return program.report(&env, &parts.check().await);
    }
    let run = async {
        match parts.run().await {
            Ok(code) => code,
            Err(error) => program.failed(&error),
        }
    };
    program.observed(&env, &telemetry, run).await
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
    all
}
