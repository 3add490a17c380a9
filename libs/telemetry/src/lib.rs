#![doc = include_str!("../README.md")]

mod config;
mod install;
mod metrics;
mod trace;

pub use config::{LogFormat, TelemetryConfig, VARIABLES};
pub use install::{InstallError, Telemetry, install};
pub use metrics::{build_info, metrics_router};
pub use trace::{current_traceparent, follow};
