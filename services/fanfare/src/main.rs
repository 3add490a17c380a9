#![doc = include_str!("../README.md")]

mod cli;
mod defaults;
mod parts;
mod secrets;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main().await
}
