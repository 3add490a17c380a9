#![doc = include_str!("../README.md")]

pub mod command;
pub mod envelope;
pub mod event;
mod event_id;
mod ids;
pub mod invite;
pub mod link;
pub mod operations;
pub mod problem;
pub mod rpc;
mod shard_id;
mod signal;
pub mod snapshot;
pub mod state;
mod stream;
pub mod typescript;

pub use envelope::Envelope;
pub use event::{Event, EventKind};
pub use event_id::{EventId, InvalidEventId};
pub use ids::{ChannelId, GuildId, InvalidSnowflake, MessageId, RoleId, UserId};
pub use problem::Problem;
pub use shard_id::ShardId;
pub use signal::Signal;
pub use stream::{StreamMessage, StreamRequest};
