#![doc = include_str!("../README.md")]

mod config;
mod cookie;
mod marks;
mod memory;
mod postgres;
mod redis;
mod sessions;
mod tag;
#[cfg(feature = "test-server")]
pub mod testing;

pub use config::{DATABASE_URL, SESSION_STORE, SessionStoreConfig, VARIABLES};
pub use cookie::{CookieSessions, LONGEST_VALUE, Sealing};
pub use marks::{MARKS_CAPACITY, Marks, MemoryMarks};
pub use memory::{MEMORY_CAPACITY, MemorySessions};
pub use postgres::{PostgresConfig, PostgresSessions};
pub use redis::RedisSessions;
pub use sessions::{OWNER, Owner, Sessions, VERSION};
pub use tag::tag;
