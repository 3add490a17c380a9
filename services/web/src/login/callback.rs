use std::collections::HashMap;

use ::session_store::{OWNER, Owner};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::{Session, session, session_store};
use tracing::{info, warn};

use super::{PATIENCE, PENDING, Pending, RETURN_TO, page};
use crate::{
    discord::DiscordError,
    hub::now_ms,
    session::{
        USER, age, expiry,
        kept::{KeptTokens, TOKENS},
        over::session_ended,
    },
    state::AppState,
};

/// Why a sign-in did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The person said no.
    Denied,
    /// Nobody of this browser began it, or it was finished already, or it took too long.
    Stale,
    /// Discord did not accept the code.
    Refused,
    /// Discord does not answer.
    Discord,
    /// The session store does not answer.
    Store,
    /// The session does not fit into a cookie.
    TooLarge,
}

impl From<session::Error> for Failure {
    fn from(error: session::Error) -> Self {
        warn!(component = "Internal", %error, "a sign-in failed at the session store");
        match error {
            session::Error::Store(session_store::Error::Encode(_)) => Self::TooLarge,
            _ => Self::Store,
        }
    }
}

impl From<session_store::Error> for Failure {
    fn from(error: session_store::Error) -> Self {
        session::Error::Store(error).into()
    }
}

impl From<DiscordError> for Failure {
    fn from(error: DiscordError) -> Self {
        warn!(component = "Internal", %error, "a sign-in failed at Discord");
        match error {
            DiscordError::Refused(_) | DiscordError::Expired => Self::Refused,
            DiscordError::Failed(_) | DiscordError::Limited { .. } => Self::Discord,
        }
    }
}

/// `GET /auth/callback`: the browser comes back from Discord.
pub(crate) async fn callback(
    State(state): State<AppState>,
    Query(query): Query<HashMap<String, String>>,
    session: Session,
) -> Response {
    match finish(&state, query, &session).await {
        Ok(return_to) => {
            state.metrics.login("ok");
            Redirect::to(&return_to).into_response()
        }
        Err(failure) => {
            let (status, label, words) = match failure {
                Failure::Denied => (
                    StatusCode::FORBIDDEN,
                    "denied",
                    "You did not agree at Discord, so nobody was signed in.",
                ),
                Failure::Stale => (
                    StatusCode::BAD_REQUEST,
                    "stale",
                    "This sign-in was not begun in this browser, or it is over already.",
                ),
                Failure::Refused => (
                    StatusCode::BAD_REQUEST,
                    "refused",
                    "Discord did not accept the sign-in.",
                ),
                Failure::Discord => (
                    StatusCode::BAD_GATEWAY,
                    "discord",
                    "Discord does not answer at the moment.",
                ),
                Failure::Store => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "store",
                    "Sign-ins are not possible at the moment.",
                ),
                Failure::TooLarge => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "too-large",
                    "What Discord says about you does not fit into a cookie. Whoever runs this has to keep sign-ins elsewhere \
                     (SESSION_STORE).",
                ),
            };
            state.metrics.login(label);
            info!(component = "Internal", outcome = label, "a sign-in failed");
            page::failed(status, words)
        }
    }
}

async fn finish(
    state: &AppState,
    mut query: HashMap<String, String>,
    session: &Session,
) -> Result<String, Failure> {
    let pending: Vec<Pending> = session.get(PENDING).await?.unwrap_or_default();
    let given = query.remove("state").unwrap_or_default();
    let (mine, others): (Vec<_>, Vec<_>) = pending
        .into_iter()
        .partition(|pending| pending.state == given);
    let Some(mine) = mine.into_iter().next() else {
        return Err(Failure::Stale);
    };
    // Used up before anything else: a state is good for one return.
    session.insert(PENDING, others).await?;
    session.save().await?;
    if now_ms().saturating_sub(mine.begun_at) > PATIENCE.as_millis() as u64 {
        return Err(Failure::Stale);
    }
    if query.contains_key("error") {
        return Err(Failure::Denied);
    }
    let code = query.remove("code").ok_or(Failure::Stale)?;
    let tokens = state.discord.exchange(code, mine.verifier).await?;
    let user = state.discord.me(&tokens.access).await?;
    // A new id: whoever knew the one before the sign-in does not know this one.
    let before = session.id();
    let owner = Owner {
        round: state.sessions.round(&user.id.to_string()).await?,
        user: user.id.to_string(),
    };
    session.cycle_id().await?;
    if let Some(before) = before {
        session_ended(state, before).await;
    }
    session.remove_value(PENDING).await?;
    let kept = KeptTokens::seal(&state.vault, &tokens, 0);
    session.insert(TOKENS, kept).await?;
    session.insert(USER, &user).await?;
    session.insert(OWNER, owner).await?;
    age::begin(session).await?;
    session.set_expiry(Some(expiry(state.config.session_ttl)));
    if let Err(error) = session.save().await {
        // Nobody is signed in by half.
        session.flush().await?;
        return Err(error.into());
    }
    state.memberships.forget(user.id);
    info!(component = "Internal", user_id = %user.id, "somebody signed in");
    let return_to = state.vault.open(RETURN_TO, &mine.return_to);
    Ok(return_to.unwrap_or_else(|| "/".to_owned()))
}
