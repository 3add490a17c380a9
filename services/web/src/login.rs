//! Signing in through Discord: away, back, and out.

mod allowance;
mod authorize;
mod callback;
mod logout;
mod page;

pub(crate) use authorize::authorize;
pub(crate) use callback::callback;
pub(crate) use logout::logout;

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Key of the sign-ins that a session has begun.
const PENDING: &str = "pending";

/// What is sealed: where a sign-in returns to.
const RETURN_TO: &str = "return-to";

/// Most sign-ins that a session may have begun at once (tabs).
const MOST_PENDING: usize = 4;

/// How long a sign-in may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// A sign-in that waits for its return from Discord.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pending {
    state: String,
    verifier: String,
    /// Sealed under [`RETURN_TO`]: the path of an invite lets whoever reads it in.
    return_to: String,
    /// Unix ms.
    begun_at: u64,
}
