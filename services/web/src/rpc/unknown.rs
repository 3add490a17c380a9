use axum::extract::{Request, State};

use super::call;
use crate::{error::ApiError, state::AppState};

/// A function that there is not: said only to those who may call one, and counted like a call.
pub(crate) async fn unknown(State(state): State<AppState>, request: Request) -> ApiError {
    match call::admitted(request, &state).await {
        Ok(_) => ApiError::NotFound,
        Err(error) => error,
    }
}
