//! The command `log`: what the running process logs.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use environment::{EXIT_CONFIG, Env};
use hyper::{Method, StatusCode};

use crate::{Probe, loopback};

pub(crate) const NAME: &str = "log";
const FILTER: &str = "filter";
const RESET: &str = "reset";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Print what the running process on this machine logs, or change it until it ends")
        .arg(
            Arg::new(FILTER)
                .value_name("FILTER")
                .help("What it logs from now on, written like RUST_LOG: `info,gateway=debug`"),
        )
        .arg(
            Arg::new(RESET)
                .long(RESET)
                .action(ArgAction::SetTrue)
                .conflicts_with(FILTER)
                .help("What it was configured to log (RUST_LOG)"),
        )
}

/// Asks, or tells, the process whose metrics are served there.
pub(crate) async fn run(
    program: &str,
    probe: &Probe,
    arguments: &ArgMatches,
    mut env: Env,
) -> ExitCode {
    let address = probe.address(&mut env);
    if let Err(error) = env.finish() {
        eprintln!("{program}: {error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    let filter = arguments.get_one::<String>(FILTER);
    let (method, body) = match (filter, arguments.get_flag(RESET)) {
        (Some(filter), _) => (Method::PUT, filter.clone()),
        (None, true) => (Method::PUT, String::new()),
        (None, false) => (Method::GET, String::new()),
    };
    match loopback::ask(method, address, probe.path, body).await {
        Ok((StatusCode::OK, told)) => {
            print!("{told}");
            ExitCode::SUCCESS
        }
        Ok((status, told)) => {
            eprintln!("{program}: refused ({status}): {}", told.trim_end());
            ExitCode::FAILURE
        }
        Err(error) => {
            let path = probe.path;
            eprintln!("{program}: no answer at http://{address}{path}: {error}");
            ExitCode::FAILURE
        }
    }
}
