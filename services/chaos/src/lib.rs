#![doc = include_str!("../README.md")]

mod browser;
mod cli;
mod control;
mod deployment;
mod evidence;
mod inject;
mod logs;
mod oracle;
mod plan;
mod proxy;
mod report;
mod seed;
mod series;
mod stage;
mod store;

pub use cli::Cli;
pub use series::run;
