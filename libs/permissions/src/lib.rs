#![doc = include_str!("../README.md")]

mod bits;
mod ground;

pub use bits::Permissions;
pub use ground::{Ground, Subject};
