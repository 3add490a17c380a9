//! The program: its command line, its beginning and its end.

use std::process::ExitCode;

use lifecycle::Lifecycle;
use program::Program;

use crate::{App, Config, LOG, PROBE, VARIABLES, check};

/// What the binary is.
const PROGRAM: Program = Program {
    name: "gateway",
    about: "Keeps sessions to Discord, normalizes what happens, publishes it",
    variables: VARIABLES,
    probes: &[PROBE],
    log: Some(LOG),
};

/// The whole program, with the arguments and the environment of the process.
pub async fn main() -> ExitCode {
    PROGRAM.main(Config::read, run, check::run).await
}

async fn run(config: Config) -> ExitCode {
    let grace = config.grace;
    let app = match App::build(config).await {
        Ok(app) => app,
        Err(error) => {
            tracing::error!(component = "Gateway", %error, "The gateway can't start");
            return ExitCode::FAILURE;
        }
    };
    let lifecycle = Lifecycle::new();
    app.start(&lifecycle);
    lifecycle.run_until_signal(grace).await
}
