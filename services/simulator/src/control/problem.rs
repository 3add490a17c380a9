//! Why the control API refuses something.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::world::Refusal;

/// A refusal of the control API; as an answer it is a problem document (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ControlError {
    /// The HTTP status: 400 malformed, 404 a wrong name, 409 not possible now, 429 too much at once.
    pub status: u16,
    /// The field that is wrong.
    pub field: Option<String>,
    /// What is wrong, as a sentence.
    pub detail: String,
    /// Discord's error code, if it was Discord's rules that refused.
    pub code: Option<u32>,
}

impl ControlError {
    /// A name that nothing has.
    pub(super) fn unknown(field: &str, detail: String) -> Self {
        Self {
            status: 404,
            field: Some(field.to_owned()),
            detail,
            code: None,
        }
    }

    /// A field that is missing or can't be read.
    pub(super) fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self {
            status: 400,
            field: Some(field.to_owned()),
            detail: detail.into(),
            code: None,
        }
    }

    /// Too much at once.
    pub(super) fn busy(detail: &str) -> Self {
        Self {
            status: 429,
            field: None,
            detail: detail.to_owned(),
            code: None,
        }
    }

    fn json(&self) -> Value {
        let mut json = json!({ "type": "about:blank", "status": self.status, "title": self.detail, "detail": self.detail });
        if let Some(field) = &self.field {
            json["field"] = json!(field);
            json["errors"] = json!([{ "field": field, "message": self.detail }]);
        }
        if let Some(code) = self.code {
            json["code"] = json!(code);
        }
        json
    }
}

impl From<Refusal> for ControlError {
    fn from(refusal: Refusal) -> Self {
        let status = if refusal.status == 404 { 404 } else { 409 };
        Self {
            status,
            field: None,
            detail: refusal.message,
            code: Some(refusal.code),
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (status, kind, self.json().to_string()).into_response()
    }
}
