//! The client's end of LINK against a gateway that does what a test says.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod client;
mod gateway;
mod remote;
