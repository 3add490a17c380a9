//! Both adapters under the conformance suite, and what only Redis can do wrong.

mod memory;
mod redis;
