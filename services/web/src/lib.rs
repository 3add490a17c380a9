#![doc = include_str!("../README.md")]

mod api;
mod app;
pub mod check;
pub mod cli;
mod client_address;
mod config;
mod dashboard;
mod deliver;
mod discord;
mod error;
mod gateways;
pub mod hub;
mod login;
mod membership;
pub mod metrics;
mod openapi;
mod origin;
mod patience;
mod router;
mod rpc;
mod server;
mod session;
mod shield;
mod state;
mod stream_token;
mod streams;
mod trace;

pub use app::{App, BuildError, Ports};
pub use config::{Config, LOG, PROBE, VARIABLES};
