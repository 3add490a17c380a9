use async_trait::async_trait;
use contracts::link::{Command, LinkError};
use serde_json::value::RawValue;

/// Who does what users ask for.
#[async_trait]
pub trait Commands: Send + Sync + 'static {
    /// Does a command, or says why not. Asked again with the same idempotency key and actor, it answers as the first time.
    async fn call(&self, command: Command) -> Result<Box<RawValue>, CallError>;
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The gateway refuses: nothing was done.
    #[error(transparent)]
    Refused(#[from] LinkError),
    /// No gateway that could do it can be reached: nothing was done.
    #[error("no gateway can do it: {0}")]
    Away(String),
    /// It was sent, and no answer came in time: it may have been done. Ask again with the same key.
    #[error("the gateway did not answer in time")]
    Unknown,
}

impl CallError {
    /// Whether another gateway may do it: nothing was done by the one that was asked.
    pub fn elsewhere(&self) -> bool {
        match self {
            Self::Refused(error) => error.code == LinkError::ELSEWHERE,
            Self::Away(_) => true,
            Self::Unknown => false,
        }
    }
}

/// Stands in where no gateway is configured: people can watch, but not act.
#[derive(Debug, Clone, Copy)]
pub struct NoGateway;

#[async_trait]
impl Commands for NoGateway {
    async fn call(&self, _command: Command) -> Result<Box<RawValue>, CallError> {
        Err(CallError::Away("no LINK_TOKEN is configured".into()))
    }
}
