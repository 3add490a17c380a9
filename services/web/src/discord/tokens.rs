use std::time::Duration;

use oauth2::{TokenResponse, basic::BasicTokenResponse};
use serde::{Deserialize, Serialize};

use crate::hub::now_ms;

/// How long before its end a token counts as expired, so that it does not expire on the way.
const MARGIN: Duration = Duration::from_secs(60);

/// How long a token lasts when Discord does not say (Discord, "OAuth2": 7 days).
const DEFAULT_LIFE: Duration = Duration::from_secs(604_800);

/// A user's tokens at Discord.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    /// Unix ms.
    pub(crate) expires_at: u64,
}

impl Tokens {
    /// The tokens of an answer; Discord may leave the refresh token out when it did not change.
    pub(crate) fn of(answer: &BasicTokenResponse, before: Option<String>) -> Self {
        let life = answer.expires_in().unwrap_or(DEFAULT_LIFE).as_millis() as u64;
        Self {
            access: answer.access_token().secret().clone(),
            refresh: answer
                .refresh_token()
                .map(|token| token.secret().clone())
                .or(before),
            expires_at: now_ms() + life,
        }
    }

    pub(crate) fn is_expired(&self) -> bool {
        now_ms() + MARGIN.as_millis() as u64 >= self.expires_at
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}
