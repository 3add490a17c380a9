#![doc = include_str!("../README.md")]

mod cli;
mod defaults;
mod parts;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main().await
}
