use crate::{ShardId, close};

/// Why a shard stopped for good: a person has to change something first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fatal {
    /// Discord closed with a code after which trying again is of no use.
    #[error("Discord refused shard {shard} with {code} ({cause}): {remedy}")]
    Refused {
        /// Which shard.
        shard: ShardId,
        /// Discord's close code.
        code: u16,
        /// What Discord calls it.
        cause: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The configuration can't work.
    #[error("shard {shard} can't start: {problem}")]
    Misconfigured {
        /// Which shard.
        shard: ShardId,
        /// What is wrong.
        problem: String,
    },
}

impl Fatal {
    pub(crate) fn refused(shard: ShardId, code: u16) -> Self {
        let (cause, remedy) = (close::meaning(code), close::remedy(code));
        Self::Refused {
            shard,
            code,
            cause,
            remedy,
        }
    }
}
