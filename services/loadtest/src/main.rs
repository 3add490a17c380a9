//! The program `loadtest`.

use std::process::ExitCode;

use clap::Parser;
use loadtest::Cli;

fn main() -> ExitCode {
    match loadtest::run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("loadtest: {error:#}");
            ExitCode::from(2)
        }
    }
}
