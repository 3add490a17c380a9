//! What users see, told with the real binaries.

mod all_in_one;
mod check;
mod cli;
mod configuration;
mod discord_trouble;
mod handover;
mod interface;
mod link;
mod logs;
mod outage;
mod page;
mod people;
mod prometheus;
mod replicas;
mod secrets;
mod traces;
