//! The simulator as its clients see it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod compress;
mod control;
mod discord_js;
mod faults;
mod identify;
mod intents;
mod oauth;
mod people;
mod program;
mod rest;
mod resume;
mod sequence;
mod shard;
mod stage;
mod strict;
mod twilight;
