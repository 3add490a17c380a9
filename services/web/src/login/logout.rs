use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use contracts::Signal;
use tower_sessions::Session;
use tracing::{debug, info};

use crate::{
    error::ApiError,
    session::{
        USER, User,
        kept::KeptTokens,
        over::{session_ended, tell},
    },
    state::AppState,
};

/// `POST /auth/logout`: ends the session and its streams, and gives the tokens back to Discord. With `?all=1` all sessions of
/// the user, wherever they are.
pub(crate) async fn logout(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    session: Session,
) -> Result<StatusCode, ApiError> {
    let everywhere = everywhere(query.as_deref().unwrap_or_default())?;
    let user: Option<User> = session.get(USER).await?;
    let kept = KeptTokens::read(&session).await?;
    let id = session.id();
    if let Some(user) = user.as_ref().filter(|_| everywhere) {
        let (name, ttl) = (user.id.to_string(), state.config.session_ttl);
        let ended = state.sessions.end_all(&name, ttl).await;
        ended.map_err(tower_sessions::session::Error::Store)?;
    }
    session.flush().await?;
    if let Some(id) = id {
        session_ended(&state, id).await;
    }
    if let Some(user) = user {
        if everywhere {
            tell(&state, Signal::UserSignedOut { user_id: user.id }).await;
        }
        state.memberships.forget(user.id);
        info!(component = "Internal", user_id = %user.id, everywhere, "somebody signed out");
    }
    if let Some(tokens) = kept.and_then(|kept| kept.open(&state.vault))
        && let Err(error) = state.discord.revoke(&tokens).await
    {
        // The user is signed out here all the same; the token ends by itself.
        debug!(component = "Internal", %error, "tokens could not be revoked");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Whether all sessions are meant.
fn everywhere(query: &str) -> Result<bool, ApiError> {
    let mut all = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "all");
    match all.next().as_ref().map(|(_, value)| value.as_ref()) {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(ApiError::field("all", "invalid", "has to be 1 or 0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sessions_are_meant_only_where_it_is_said() {
        for (query, meant) in [
            ("", false),
            ("x=1", false),
            ("all=0", false),
            ("all=1", true),
        ] {
            assert_eq!(everywhere(query).unwrap(), meant, "{query}");
        }
        assert!(everywhere("all").is_err() && everywhere("all=yes").is_err());
    }
}
