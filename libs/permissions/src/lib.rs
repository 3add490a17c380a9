#![doc = include_str!("../README.md")]

mod bits;
mod ground;
#[cfg(test)]
mod tests;

pub use bits::Permissions;
pub use ground::{Ground, Subject};
