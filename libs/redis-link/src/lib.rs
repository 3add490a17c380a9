#![doc = include_str!("../README.md")]

mod config;
mod inspection;
mod link;
mod metrics;
mod outage;
mod script;
#[cfg(feature = "test-server")]
pub mod testing;
mod watchdog;

pub use config::{InvalidRedisUrl, RedisConfig, VARIABLES};
pub use inspection::{Inspection, Remark};
pub use link::{COMMAND_TIMEOUT, RedisLink, Role};
pub use script::is_unknown_script;
