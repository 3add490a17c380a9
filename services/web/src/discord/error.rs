use std::time::Duration;

/// What a caller can do about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscordError {
    /// The user's authorization is over: sign in again.
    #[error("Discord no longer accepts the user's token")]
    Expired,
    /// It wants to be asked later.
    #[error("Discord asks to wait {}s", .retry_after.as_secs_f32())]
    Limited {
        /// How long at least.
        retry_after: Duration,
    },
    /// Discord refuses what we sent: a code that was used, a wrong client secret.
    #[error("Discord refused: {0}")]
    Refused(String),
    /// It does not answer, or not as expected: try again later.
    #[error("Discord failed: {0}")]
    Failed(String),
}

impl DiscordError {
    /// The name, as metrics have it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Limited { .. } => "limited",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }
}

/// What a refusal says of a thing that is not there.
pub(super) const NOT_FOUND: &str = "not found";
