//! As much of HTTP/1.1 and of server-sent events as a reader of streams needs, fed with bytes as they come.

mod body;
mod frame;
mod head;

pub(crate) use body::Body;
pub(crate) use frame::{Frame, Frames};
pub(crate) use head::Head;
