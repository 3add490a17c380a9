//! Stories of the whole product. One binary, so that it links once.

mod tidy;
