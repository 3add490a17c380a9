use axum::{extract::State, http::StatusCode};
use tower_sessions::Session;
use tracing::{debug, info};

use crate::{
    discord::Tokens,
    error::ApiError,
    session::{TOKENS, USER, User},
    state::AppState,
};

/// `POST /auth/logout`: ends the session and its streams, and gives the tokens back to Discord.
pub(crate) async fn logout(
    State(state): State<AppState>,
    session: Session,
) -> Result<StatusCode, ApiError> {
    let user: Option<User> = session.get(USER).await?;
    let sealed: Option<String> = session.get(TOKENS).await?;
    let id = session.id();
    session.flush().await?;
    if let Some(id) = id {
        state.streams.end_session(id);
    }
    if let Some(user) = user {
        state.memberships.forget(user.id);
        info!(component = "Internal", user_id = %user.id, "somebody signed out");
    }
    let open = sealed.and_then(|sealed| state.vault.open(TOKENS, &sealed));
    let tokens: Option<Tokens> = open.and_then(|json| serde_json::from_str(&json).ok());
    if let Some(tokens) = tokens
        && let Err(error) = state.discord.revoke(&tokens).await
    {
        // The user is signed out here all the same; the token ends by itself.
        debug!(component = "Internal", %error, "tokens could not be revoked");
    }
    Ok(StatusCode::NO_CONTENT)
}
