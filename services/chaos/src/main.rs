//! The program `chaos`.

use std::process::ExitCode;

use chaos::Cli;
use clap::Parser;

fn main() -> ExitCode {
    match chaos::run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("chaos: {error:#}");
            ExitCode::from(2)
        }
    }
}
