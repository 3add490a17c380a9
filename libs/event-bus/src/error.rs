use std::error::Error;

/// What a caller of the bus can do about a failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// It does not answer, or not in time: try again later.
    #[error("the event bus is unavailable: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It answered something that this version does not understand: trying again does not help.
    #[error("the event bus holds something unreadable: {0}")]
    Corrupt(String),
    /// Another instance has taken over the shard: whoever published must stop. Nothing was written.
    #[error("fenced: another instance has taken over the shard")]
    Fenced,
    /// This adapter does not do it, ever.
    #[error("the event bus refuses: {0}")]
    Refused(&'static str),
    /// It has been closed.
    #[error("the event bus is closed")]
    Closed,
}
