#![doc = include_str!("../README.md")]

pub mod model;
pub mod rest;

mod backoff;
mod close;
mod command;
mod compression;
mod config;
mod connection;
mod course;
mod decode;
mod end;
mod endpoint;
mod event;
mod fatal;
mod frame;
mod gate;
mod heartbeat;
mod identify;
mod intake;
mod intents;
mod limit;
mod observer;
mod progress;
mod queue;
mod session;
mod shard;
mod socket;
mod status;
mod watermark;

pub use compression::Compression;
pub use config::{ShardConfig, Timing};
pub use contracts::ShardId;
pub use decode::{DecodeError, decode};
pub use event::{Dispatch, Event};
pub use fatal::Fatal;
pub use identify::{BudgetExhausted, IdentifyLimiter, LocalIdentifyLimiter, SessionStartLimit};
pub use intents::Intents;
pub use observer::{Fact, Observer};
pub use rest::{GatewayBot, Rest, RestError};
pub use session::Session;
pub use shard::Shard;
pub use status::{ConnectionState, ShardStatus};
pub use watermark::Watermark;
