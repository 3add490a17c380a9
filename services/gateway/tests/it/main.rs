//! Integration tests of the gateway.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod commands;
mod golden;
mod handover;
mod line;
mod program;
mod properties;
mod redis;
mod stage;
mod start;
