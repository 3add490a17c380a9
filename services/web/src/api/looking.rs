use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{error::ApiError, rpc::allowance, session::SignedIn, state::AppState};

/// Somebody who is signed in and has not looked too often: each look costs the bus a question.
pub(crate) struct Looking(pub(super) SignedIn);

impl FromRequestParts<AppState> for Looking {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        allowance::take(state, &allowance::LOOKS, signed_in.user.id).await?;
        Ok(Self(signed_in))
    }
}
