#![doc = include_str!("../README.md")]

mod config;
mod memory;
mod redis;
mod sessions;
mod tag;

pub use config::{SESSION_STORE, SessionStoreConfig, VARIABLES};
pub use memory::{MEMORY_CAPACITY, MemorySessions};
pub use redis::RedisSessions;
pub use sessions::{Sessions, VERSION};
pub use tag::tag;
