#![doc = include_str!("../README.md")]

mod app;
mod behalf;
mod board;
pub mod check;
pub mod cli;
mod commands;
mod config;
mod health;
mod holding;
mod identify;
mod line;
mod link;
mod mend;
mod metrics;
mod names;
pub mod normalize;
mod outage;
mod pipeline;
mod publisher;
mod register;
mod server;
mod shards;
pub mod state;
mod trace;

pub use app::{App, BuildError, Ports};
pub use config::{Config, LOG, PROBE, VARIABLES};
pub use metrics::Metrics;
