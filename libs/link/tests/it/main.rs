//! The client's end of LINK against a gateway that does what a test says.

mod client;
mod gateway;
mod remote;
