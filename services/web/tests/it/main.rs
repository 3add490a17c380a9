//! Web as browsers meet it: the real router on a real socket, a bus in memory or in a real Redis, and a Discord on loopback.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod browser;
mod discord;
mod gateway;
mod publisher;
mod replica;
mod socket;

mod audit;
mod limits;
mod login;
mod operations;
mod outage;
mod renewal;
mod rpc;
mod sign_out;
mod slow;
mod stores;
mod streams;
mod ws;
