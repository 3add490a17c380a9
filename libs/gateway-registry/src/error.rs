use std::error::Error;

use contracts::ShardId;

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
    /// No deployment has so many shards.
    #[error("a deployment has 1 to {limit} shards, not {0}", limit = crate::SHARD_LIMIT)]
    NoSuchCount(u32),
    /// The number is not below the count.
    #[error("there is no shard {0}: the first one is 0")]
    NoSuchShard(ShardId),
    /// The record can't be written as JSON: a fault of the program.
    #[error("the gateway's record can't be encoded: {0}")]
    Encode(#[source] serde_json::Error),
}
