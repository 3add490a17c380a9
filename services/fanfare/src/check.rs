//! `fanfare check`: what `gateway check` and `web check` say, of one configuration.

use std::process::ExitCode;

use environment::{EXIT_CONFIG, Env, Variable};
use telemetry::TelemetryConfig;

use crate::program::Program;

/// Checks and prints; the exit code is 0, 1 (something does not work) or 78 (configuration).
pub(crate) async fn main(mut env: Env, variables: &[Variable]) -> ExitCode {
    TelemetryConfig::read(&mut env);
    let program = Program::read(&mut env, false);
    for (set, meant) in env.near_misses(variables) {
        println!("note  {set} is set and nobody reads it; maybe {meant} is meant");
    }
    if let Err(error) = env.finish() {
        eprintln!("fanfare: {error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    let findings = [gateway::check::run(&program.gateway).await, web::check::run(&program.web).await];
    for findings in &findings {
        for line in findings.lines() {
            println!("{line}");
        }
    }
    if findings.iter().all(|findings| findings.passed()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
