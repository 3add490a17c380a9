#![doc = include_str!("../README.md")]

mod check;
mod cli;
mod defaults;
mod program;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main().await
}
