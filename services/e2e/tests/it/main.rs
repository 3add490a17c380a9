//! Stories of the whole product. One binary, so that it links once.

mod asvs;
mod browser;
mod collector;
mod compose;
mod kubernetes;
mod process;
mod stack;
mod stories;
mod tidy;
