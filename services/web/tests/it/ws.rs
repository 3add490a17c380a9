//! What a stream over a WebSocket says and when it ends.

mod auth;
mod end;
mod slow;
mod tell;
