use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest as _, Request},
    http::StatusCode,
};
use contracts::Problem;
use serde_json::{Map, Value};

use crate::{error::ApiError, origin::is_json, state::AppState};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The JSON object that was sent.
pub(super) async fn object(
    request: Request,
    state: &AppState,
) -> Result<Map<String, Value>, ApiError> {
    // A form of a foreign page can't send this type without asking first.
    if !is_json(request.headers()) {
        return Err(ApiError::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let bytes = match tokio::time::timeout(PATIENCE, Bytes::from_request(request, state)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(rejection)) => return Err(ApiError::Status(rejection.status())),
        Err(_late) => return Err(ApiError::Status(StatusCode::REQUEST_TIMEOUT)),
    };
    serde_json::from_slice(&bytes).map_err(|_| not_an_object())
}

/// The parser's words are not repeated: they may quote what was sent.
fn not_an_object() -> ApiError {
    let problem = Problem::new(400, "bad-json", "The body is not valid");
    ApiError::Problem(Box::new(
        problem.detail("The body has to be one JSON object."),
    ))
}
