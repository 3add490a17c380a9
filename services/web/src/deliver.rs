//! How events reach browsers.

pub(crate) mod sse;
