use std::time::Duration;

use twilight_http::{Error, api_error::ApiError, error::ErrorType};

/// How long to wait after a limit that told no time.
pub(super) const UNKNOWN_WAIT: Duration = Duration::from_secs(5);

/// A message of Discord is shown up to this many characters.
const MESSAGE_LENGTH: usize = 200;

/// Why a request failed, by what the caller can do. No text of it contains the token or what was
/// sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestError {
    /// The token is wrong: nothing works until it is replaced. Further requests are not sent.
    #[error("Discord refused the bot token")]
    Unauthorized,
    /// The bot may not do this.
    #[error("the bot lacks the permission (code {code})")]
    Forbidden {
        /// Discord's code.
        code: u64,
    },
    /// There is no such thing, or the bot may not know of it.
    #[error("Discord knows no such thing (code {code})")]
    NotFound {
        /// Discord's code, which tells what is missing.
        code: u64,
    },
    /// Too many requests: try again later.
    #[error("rate limited by Discord, try again in {} s", retry_after.as_secs())]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// Discord can't be reached or is in trouble: try again later.
    #[error("Discord is unavailable: {0}")]
    Unavailable(&'static str),
    /// Nobody could be reached: nothing was done.
    #[error("Discord can't be reached")]
    Unreachable,
    /// It was sent, and nobody said what became of it: it may have been done.
    #[error("it is not known whether Discord did it: {0}")]
    Unknown(&'static str),
    /// Discord refuses this request, however often it comes.
    #[error("Discord refused the request: {message} (code {code})")]
    Rejected {
        /// Discord's code; 0 where there is none.
        code: u64,
        /// Discord's words.
        message: String,
    },
    /// The answer is not what Discord documents.
    #[error("Discord's answer could not be read")]
    Unintelligible,
}

impl From<Error> for RestError {
    fn from(error: Error) -> Self {
        match error.kind() {
            // A token that fits no header is none either.
            ErrorType::Unauthorized | ErrorType::CreatingHeader { .. } => Self::Unauthorized,
            ErrorType::Response { status, error, .. } => refused(status.get(), error),
            // A second 429, see `SENDS`.
            ErrorType::RequestCanceled => Self::RateLimited {
                retry_after: UNKNOWN_WAIT,
            },
            ErrorType::RequestTimedOut => Self::Unavailable("no answer in time"),
            ErrorType::RequestError => Self::Unavailable("could not connect"),
            // An error status without Discord's error body: a proxy or a load balancer speaks.
            ErrorType::Parsing { .. } => Self::Unavailable("something in between answered"),
            _ => Self::Rejected {
                code: 0,
                message: "the request could not be built".into(),
            },
        }
    }
}

/// What became of a request that changes something.
pub(super) fn of_change(error: Error) -> RestError {
    match error.kind() {
        ErrorType::RequestTimedOut => RestError::Unknown("no answer in time"),
        ErrorType::RequestError if !is_connect(&error) => {
            RestError::Unknown("the answer broke off")
        }
        ErrorType::RequestError => RestError::Unreachable,
        _ => error.into(),
    }
}

/// Whether there was not even a connection.
fn is_connect(error: &Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return error.is_connect();
        }
        source = error.source();
    }
    false
}

fn refused(status: u16, error: &ApiError) -> RestError {
    let (code, message) = match error {
        ApiError::General(error) => (error.code, error.message.as_str()),
        ApiError::Ratelimited(error) => {
            let seconds = if error.retry_after.is_finite() {
                error.retry_after
            } else {
                5.0
            };
            let retry_after = Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0));
            return RestError::RateLimited { retry_after };
        }
        _ => (0, "invalid message"),
    };
    match status {
        401 => RestError::Unauthorized,
        403 => RestError::Forbidden { code },
        404 => RestError::NotFound { code },
        500.. => RestError::Unavailable("it answered with a server error"),
        _ => RestError::Rejected {
            code,
            message: message.chars().take(MESSAGE_LENGTH).collect(),
        },
    }
}
