#![doc = include_str!("../README.md")]

pub mod model;

mod decode;
mod event;
mod intents;
mod session;
mod shard_id;
mod status;

pub use decode::{DecodeError, decode};
pub use event::{Dispatch, Event};
pub use intents::Intents;
pub use session::Session;
pub use shard_id::ShardId;
pub use status::{ConnectionState, ShardStatus};
