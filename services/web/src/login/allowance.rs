//! How often somebody may try to sign in.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use limits::{Bucket, Verdict};

use super::page;
use crate::{client_address::ClientAddress, error::ApiError, state::AppState};

/// Sign-ins that are begun at one address: 20 in a minute, 20 at once.
const LOGINS: Bucket = Bucket {
    name: "login",
    burst: 20,
    rate: 20,
    per: Duration::from_secs(60),
};

/// Counts an attempt; if it is one too many, the page that says so.
///
/// This machine itself is not counted: where a proxy stands here that `TRUSTED_PROXIES` does not name, everybody comes from it.
pub(super) async fn take(
    state: &AppState,
    address: ClientAddress,
) -> Result<Option<Response>, ApiError> {
    if address.is_loopback() {
        return Ok(None);
    }
    match state.limits.take(&LOGINS, &address.network()).await {
        Ok(Verdict::Granted) => {
            state.metrics.limit(LOGINS.name, "granted");
            Ok(None)
        }
        Ok(Verdict::Refused { retry_after }) => {
            state.metrics.limit(LOGINS.name, "refused");
            state.metrics.login("limited");
            let words = "Too many sign-ins were begun at your address. Wait a minute.";
            let mut response = page::failed(StatusCode::TOO_MANY_REQUESTS, words);
            let seconds = HeaderValue::from(retry_after.as_secs() + 1);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            Ok(Some(response))
        }
        Err(error) => {
            state.metrics.limit(LOGINS.name, "away");
            tracing::warn!(component = "Internal", %error, "a sign-in could not be counted");
            Err(ApiError::LimitsAway)
        }
    }
}
