#![doc = include_str!("../README.md")]

mod app;
mod calls;
mod cdn;
mod clock;
mod config;
mod control;
mod fault;
mod gateway;
mod log;
mod oauth;
mod png;
mod rest;
mod scenario;
mod sequence;
mod simulation;
mod world;

pub use app::App;
pub use config::Config;
pub use control::{Control, ControlError};
pub use scenario::{Scenario, ScenarioError};
