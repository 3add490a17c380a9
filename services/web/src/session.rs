//! Who is signed in.

pub(crate) mod age;
pub(crate) mod cookie;
pub(crate) mod kept;
pub(crate) mod over;
pub(crate) mod vault;

use std::time::Duration;

use axum::{extract::FromRequestParts, http::request::Parts};
use contracts::UserId;
use serde::{Deserialize, Serialize};
use session_store::Sessions;
use tower_sessions::{Expiry, Session, session::Id};

use crate::{error::ApiError, hub::now_ms, shield::RequestSpan, state::AppState};

/// Keys of what a session holds.
pub(crate) const USER: &str = "user";
const SEEN: &str = "seen";

/// How often the use of a session is noted, so that it does not expire while it is used.
const NOTE_EVERY: Duration = Duration::from_secs(300);

/// Somebody who is signed in; in a handler's arguments it *is* the login check.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) id: Id,
    pub(crate) session: Session,
    /// The sessions as they are for this one.
    pub(crate) sessions: Sessions,
}

/// What is kept of a user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) avatar_url: String,
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let session = parts
            .extensions
            .get::<Session>()
            .cloned()
            .ok_or(ApiError::Internal)?;
        let sessions = parts
            .extensions
            .get::<Sessions>()
            .cloned()
            .ok_or(ApiError::Internal)?;
        let Some(user) = session.get::<User>(USER).await? else {
            return Err(ApiError::Unauthorized);
        };
        let Some(id) = session.id() else {
            return Err(ApiError::Unauthorized);
        };
        if age::is_over(&session).await? {
            session.flush().await?;
            return Err(ApiError::Unauthorized);
        }
        if let Some(span) = parts.extensions.get::<RequestSpan>() {
            span.is_of(user.id);
        }
        let seen: u64 = session.get(SEEN).await?.unwrap_or(0);
        let now = now_ms();
        // A read does not prolong a session, and a write per request would be one too many.
        let every = NOTE_EVERY.min(state.config.session_ttl / 2).as_millis() as u64;
        if now.saturating_sub(seen) >= every {
            session.set_expiry(Some(expiry(state.config.session_ttl)));
            session.insert(SEEN, now).await?;
        }
        Ok(Self {
            user,
            id,
            session,
            sessions,
        })
    }
}

/// A sign-in that lasts so long without use.
pub(crate) fn expiry(ttl: Duration) -> Expiry {
    Expiry::OnInactivity(time::Duration::try_from(ttl).unwrap_or(time::Duration::WEEK))
}
