#![doc = include_str!("../README.md")]

mod config;
mod link;
mod outage;
#[cfg(feature = "test-server")]
pub mod testing;
mod watchdog;

pub use config::{InvalidRedisUrl, RedisConfig, VARIABLES};
pub use link::{COMMAND_TIMEOUT, RedisLink, Role};
