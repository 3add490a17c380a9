//! Errors as browsers see them (RFC 9457, "Problem Details for HTTP APIs").

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document. `code` is stable; `title` and `detail` are for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Always `about:blank`: the code says what it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// HTTP status.
    pub status: u16,
    /// What kind of problem, in words.
    pub title: String,
    /// A stable code for programs, in kebab case.
    pub code: String,
    /// What happened this time; never a secret, never a stack trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<String>,
    /// The fields that are wrong, all at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<FieldProblem>>", optional)]
    #[schema(required = false)]
    pub errors: Vec<FieldProblem>,
    /// The request's id, for looking it up in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub request_id: Option<String>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct FieldProblem {
    /// Which field or query parameter.
    pub field: String,
    /// A stable code for programs.
    pub code: String,
    /// What it may be.
    pub message: String,
}

impl Problem {
    /// A problem document.
    pub fn new(status: u16, code: &str, title: &str) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            status,
            title: title.to_owned(),
            code: code.to_owned(),
            detail: None,
            errors: Vec::new(),
            request_id: None,
        }
    }

    /// Adds what happened this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
