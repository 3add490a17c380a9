#![doc = include_str!("../README.md")]

mod client;
mod commands;
mod directory;
mod endpoint;
mod metrics;
mod remote;
mod timing;

pub use client::{Client, IN_FLIGHT, Listener};
pub use commands::{CallError, Commands, NoGateway};
pub use directory::{Directory, OneGateway};
pub use endpoint::{Endpoint, InvalidAddress, MAX_ANSWER, PATH, PROTOCOL, TOKEN_LENGTH};
pub use metrics::Metrics;
pub use remote::Remote;
pub use timing::Timing;
