#![doc = include_str!("../README.md")]

mod env;
mod problem;
mod secret;
mod variable;

pub use env::Env;
pub use problem::{ConfigError, Fault};
pub use secret::Secret;
pub use variable::{Variable, table};

/// Exit code of a program whose configuration is wrong (`EX_CONFIG` of sysexits.h).
pub const EXIT_CONFIG: u8 = 78;
