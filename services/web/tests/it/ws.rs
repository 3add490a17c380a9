//! Streams over WebSockets.

mod auth;
mod end;
mod slow;
mod tell;
