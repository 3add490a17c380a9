//! How REST answers.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::world::Refusal;

/// What a handler gives.
pub(crate) type Answer = Result<Json<Value>, Refusal>;

/// What a handler gives that has nothing to say.
pub(crate) type Silence = Result<StatusCode, Refusal>;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.json())).into_response()
    }
}

/// The fallback.
pub(crate) async fn not_found() -> Refusal {
    Refusal::not_found()
}
