//! Session stories against a scripted Gateway, and REST against a scripted server.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod budget;
mod compressed;
mod drain;
mod fatal;
mod gate;
mod heartbeat;
mod identify;
mod peer;
mod queue;
mod rest;
mod resume;
mod running;
mod tolerance;
mod trouble;
mod watermark;
