//! How long a sign-in lasts at most, however much it is used: a stolen cookie is not good for ever.

use std::time::Duration;

use tower_sessions::{Session, session::Error};

use crate::hub::now_ms;

/// How long that is.
pub(crate) const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// When it began, in Unix ms.
const BEGUN: &str = "begun";

/// It begins now.
pub(crate) async fn begin(session: &Session) -> Result<(), Error> {
    session.insert(BEGUN, now_ms()).await
}

/// Whether it has lasted that long. One that does not know when it began was made by a version that did not write it down:
/// it begins now.
pub(crate) async fn is_over(session: &Session) -> Result<bool, Error> {
    let Some(begun) = session.get::<u64>(BEGUN).await? else {
        begin(session).await?;
        return Ok(false);
    };
    Ok(now_ms().saturating_sub(begun) >= LONGEST.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{
        extract::FromRequestParts as _,
        http::{Request, request::Parts},
    };
    use contracts::{GuildId, UserId};

    use super::*;
    use crate::{
        error::ApiError,
        hub::tests::script::{Stage, Ticks},
        session::{SignedIn, USER, User},
        state::{AppState, staged::staged},
        stream_token::Refused,
    };

    async fn signed_in(state: &AppState, ago: Duration) -> Session {
        let session = Session::new(None, Arc::new(state.sessions.clone()), None);
        let user = User {
            id: UserId::new(1),
            username: "nelly".to_owned(),
            display_name: "Nelly".to_owned(),
            avatar_url: String::new(),
        };
        session.insert(USER, user).await.unwrap();
        let begun = now_ms() - ago.as_millis() as u64;
        session.insert(BEGUN, begun).await.unwrap();
        session.save().await.unwrap();
        session
    }

    fn parts(state: &AppState, session: &Session) -> Parts {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.extensions.insert(session.clone());
        parts.extensions.insert(state.sessions.clone());
        parts
    }

    #[tokio::test]
    async fn a_sign_in_ends_30_days_after_it_began_however_it_is_used() {
        let state = staged(&Stage::starting(&[GuildId::new(1)], Ticks::Return), "60");
        let young = signed_in(&state, LONGEST / 2).await;
        let mut request = parts(&state, &young);
        let known = SignedIn::from_request_parts(&mut request, &state).await;
        let token = state.stream_tokens.issue(&known.unwrap()).unwrap().token;
        assert!(state.stream_tokens.verify(&token).await.is_ok());

        let old = signed_in(&state, LONGEST).await;
        let id = old.id().unwrap();
        let known = SignedIn {
            id,
            ..state.stream_tokens.verify(&token).await.unwrap()
        };
        let token = state.stream_tokens.issue(&known).unwrap().token;
        let opened = state.stream_tokens.verify(&token).await;
        assert_eq!(opened.unwrap_err(), Refused::Invalid);
        let refused = SignedIn::from_request_parts(&mut parts(&state, &old), &state).await;
        assert!(matches!(refused, Err(ApiError::Unauthorized)));
        assert!(!state.sessions.is_live(&id).await.unwrap(), "it is gone");
    }
}
