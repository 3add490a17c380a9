#![doc = include_str!("../README.md")]

mod bench;
mod check;
mod cli;
mod control;
mod cost;
mod exposition;
mod fleet;
mod login;
mod oracle;
mod plan;
mod proc;
mod reader;
mod report;
mod run;
mod sse;
mod table;
mod target;

pub use cli::Cli;
pub use run::run;
