//! Integration tests of the gateway.

mod golden;
mod properties;
