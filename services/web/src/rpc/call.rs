use std::time::Duration;

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts as _, Request},
};
use contracts::{command::Act, rpc::Input};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tracing::{Instrument as _, info, warn};

use super::{allowance, body, idempotency, outcome};
use crate::{error::ApiError, origin, session::SignedIn, state::AppState, trace};

/// How long the gateway may take to answer, over the time-outs of the way there.
const PATIENCE: Duration = Duration::from_secs(25);

/// The answer of a function.
pub(crate) type Answer<T> = Result<Json<T>, ApiError>;

/// A call that passed all checks; in a handler's arguments it *is* the checks, in this order: signed in (401), from an own page
/// (403), not too often (429), a JSON object (415, 413, 400), all of its fields right (400).
pub(crate) struct Call<I> {
    pub(super) state: AppState,
    pub(super) signed_in: SignedIn,
    pub(super) input: I,
    key: String,
}

impl<I: Input> FromRequest<AppState> for Call<I> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (signed_in, request) = admitted(request, state).await?;
        let key = idempotency::key(request.headers());
        let object = body::object(request, state).await?;
        match (key, I::read(&object)) {
            (Ok(key), Ok(input)) => Ok(Self {
                state: state.clone(),
                signed_in,
                input,
                key,
            }),
            (key, input) => {
                let mut problems: Vec<_> = key.err().into_iter().collect();
                problems.extend(input.err().unwrap_or_default());
                Err(ApiError::Invalid(problems))
            }
        }
    }
}

/// The checks that do not depend on what is asked.
pub(super) async fn admitted(
    request: Request,
    state: &AppState,
) -> Result<(SignedIn, Request), ApiError> {
    let (mut parts, body) = request.into_parts();
    let signed_in = SignedIn::from_request_parts(&mut parts, state).await?;
    origin::own_page(&parts.headers, &state.config)?;
    allowance::take(state, &allowance::CALLS, signed_in.user.id).await?;
    Ok((signed_in, Request::from_parts(parts, body)))
}

impl<I> Call<I> {
    /// Has the gateway do it.
    pub(super) async fn act<T: DeserializeOwned>(&self, act: &Act) -> Result<T, ApiError> {
        let outcome = ask(&self.state, &self.signed_in, act, self.key.clone()).await;
        let (function, guild) = (act.name(), act.guild_id());
        match &outcome {
            Ok(_) => {
                info!(component = "Internal", function, guild_id = %guild, user_id = %self.signed_in.user.id, "a function was called");
            }
            Err(error) => {
                info!(component = "Internal", function, guild_id = %guild, user_id = %self.signed_in.user.id, %error, "a function was refused");
            }
        }
        outcome
    }
}

/// Asks the gateway in the user's name.
pub(crate) async fn ask<T: DeserializeOwned>(
    state: &AppState,
    signed_in: &SignedIn,
    act: &Act,
    key: String,
) -> Result<T, ApiError> {
    let mut command = act
        .command(signed_in.user.id, key)
        .map_err(|_| ApiError::Internal)?;
    let span = trace::command(&mut command);
    let asked = timeout(PATIENCE, state.commands.call(command));
    let answer = asked.instrument(span.clone()).await;
    if !matches!(answer, Ok(Ok(_))) {
        span.record("otel.status_code", "error");
    }
    let result = match answer {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => return Err(outcome::problem(error)),
        Err(_late) => return Err(outcome::unknown()),
    };
    serde_json::from_str(result.get()).map_err(|error| {
        // It was done, but by a gateway that speaks otherwise.
        warn!(component = "Internal", function = act.name(), %error, "the gateway's answer can't be read");
        outcome::unknown()
    })
}
