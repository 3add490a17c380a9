#![doc = include_str!("../README.md")]

mod distance;
mod env;
mod foreign;
mod problem;
mod secret;
mod setting;
mod variable;

pub use env::Env;
pub use foreign::FAMILY;
pub use problem::{ConfigError, Fault};
pub use secret::Secret;
pub use setting::{Origin, Setting};
pub use variable::{Group, Variable, count, grouped, table};

/// Exit code of a program whose configuration is wrong (`EX_CONFIG` of sysexits.h).
pub const EXIT_CONFIG: u8 = 78;
