use std::error::Error;

/// What a caller of the book can do about a failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// It does not answer, or not in time: it may have been written. Try again later.
    #[error("the book of rooms is unavailable: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// What was to be written is larger than the book takes.
    #[error("{0} is more than the book of rooms takes")]
    TooMuch(&'static str),
    /// What is stored can't be read: it was written by something else.
    #[error("the book of rooms holds something unreadable")]
    Unreadable,
}
