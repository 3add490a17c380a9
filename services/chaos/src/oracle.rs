//! What every browser should have received, worked out from Discord's own record alone.
//!
//! It shares no code with the product: the payloads are read and Discord's rules applied here once more.

mod align;
mod judge;
mod known;
mod leak;
mod model;
mod payload;
mod picture;
mod returned;
mod sight;
#[cfg(test)]
mod tests;
mod told;
mod twins;
mod verdict;

pub(crate) use judge::{Mercy, judge};
pub(crate) use model::Begin;
pub(crate) use payload::{Bytes, Payload, Payloads};
pub(crate) use told::Kind;
pub(crate) use verdict::Verdict;
