use std::error::Error;

/// What a caller of the registry can do about a failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// It does not answer, or not in time: try again later.
    #[error("the gateway registry is unavailable: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It holds [`crate::CAPACITY`] live instances: stop some, or wait until dead ones have expired.
    #[error(
        "the gateway registry is full: {} instances are alive",
        crate::CAPACITY
    )]
    Full,
    /// The record can't be written as JSON: a fault of the program.
    #[error("the gateway's record can't be encoded: {0}")]
    Encode(#[source] serde_json::Error),
}
