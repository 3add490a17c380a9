//! How often a user may ask, on all replicas together.

use std::time::Duration;

use contracts::UserId;
use limits::{Bucket, Verdict};
use tracing::warn;

use crate::{error::ApiError, state::AppState};

/// Calls of functions: 5 in 5 s, 10 at once.
pub(super) const CALLS: Bucket = Bucket {
    name: "rpc",
    burst: 10,
    rate: 5,
    per: Duration::from_secs(5),
};

/// Pages of messages, which cost a question to Discord each: 10 in 5 s, 20 at once.
pub(crate) const READS: Bucket = Bucket {
    name: "messages",
    burst: 20,
    rate: 10,
    per: Duration::from_secs(5),
};

/// Rooms and history of a guild, which the bus is asked for: 20 in 5 s, 60 at once.
pub(crate) const LOOKS: Bucket = Bucket {
    name: "looks",
    burst: 60,
    rate: 20,
    per: Duration::from_secs(5),
};

/// How long the limits may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counts a call. Without an answer from the limits nothing may be done: what is not counted is not limited.
pub(crate) async fn take(state: &AppState, bucket: &Bucket, user: UserId) -> Result<(), ApiError> {
    let user = user.to_string();
    let asked = state.limits.take(bucket, &user);
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    let told = match &answer {
        Ok(Ok(Verdict::Granted)) => "granted",
        Ok(Ok(Verdict::Refused { .. })) => "refused",
        Ok(Err(_)) | Err(_) => "away",
    };
    state.metrics.limit(bucket.name, told);
    match answer {
        Ok(Ok(Verdict::Granted)) => Ok(()),
        Ok(Ok(Verdict::Refused { retry_after })) => Err(ApiError::RateLimited(retry_after)),
        Ok(Err(error)) => {
            warn!(component = "Internal", %error, "a call could not be counted");
            Err(ApiError::LimitsAway)
        }
        Err(_late) => {
            warn!(
                component = "Internal",
                "the limits did not answer in time; a call could not be counted"
            );
            Err(ApiError::LimitsAway)
        }
    }
}
