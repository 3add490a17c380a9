use axum::{extract::State, http::StatusCode};
use tower_sessions::Session;
use tracing::{debug, info};

use crate::{
    error::ApiError,
    session::{USER, User, kept::KeptTokens},
    state::AppState,
};

/// `POST /auth/logout`: ends the session and its streams, and gives the tokens back to Discord.
pub(crate) async fn logout(
    State(state): State<AppState>,
    session: Session,
) -> Result<StatusCode, ApiError> {
    let user: Option<User> = session.get(USER).await?;
    let kept = KeptTokens::read(&session).await?;
    let id = session.id();
    session.flush().await?;
    if let Some(id) = id {
        state.streams.end_session(id);
    }
    if let Some(user) = user {
        state.memberships.forget(user.id);
        info!(component = "Internal", user_id = %user.id, "somebody signed out");
    }
    if let Some(tokens) = kept.and_then(|kept| kept.open(&state.vault))
        && let Err(error) = state.discord.revoke(&tokens).await
    {
        // The user is signed out here all the same; the token ends by itself.
        debug!(component = "Internal", %error, "tokens could not be revoked");
    }
    Ok(StatusCode::NO_CONTENT)
}
