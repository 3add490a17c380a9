//! The contract of the store, run against every adapter.

#![expect(
    clippy::unwrap_used,
    reason = "a clause that can not go on fails its test"
)]

mod conformance;
mod cookie;
mod memory;
mod postgres;
mod redis;
