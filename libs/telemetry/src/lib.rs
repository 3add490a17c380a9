#![doc = include_str!("../README.md")]

mod config;
mod install;
mod logs;
mod meter;
mod metrics;
mod provider;
mod trace;

pub use config::{LogFormat, TelemetryConfig, VARIABLES};
pub use install::{InstallError, Telemetry, install};
pub use logs::{LogControl, LogControlError, log_control};
pub use meter::Meter;
pub use metrics::{MetricsServer, build_info};
pub use trace::{BEGIN, SPAN, continued, happened, link, sampled, trace_id, traceparent};
