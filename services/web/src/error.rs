//! What can go wrong with a request, and how browsers see it: a problem document with a stable code.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use contracts::{
    Problem,
    problem::{FieldProblem, MEDIA_TYPE},
};

/// When to try again where something is away.
const AWAY: Duration = Duration::from_secs(2);

/// A request that can't be answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("nobody is signed in")]
    Unauthorized,
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    #[error("the guild is not shared")]
    NotShared,
    #[error("not found")]
    NotFound,
    #[error("asked too often")]
    RateLimited(Duration),
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<FieldProblem>),
    #[error("the event bus or the session store is away")]
    Unavailable,
    #[error("the limits are away")]
    LimitsAway,
    #[error("the gateway is away")]
    GatewayAway,
    #[error("Discord failed")]
    Discord,
    #[error("{0}")]
    Status(StatusCode),
    #[error("{}", .0.code)]
    Problem(Box<Problem>),
    #[error("{}", .0.code)]
    RetryLater(Box<Problem>, Duration),
    #[error("internal error")]
    Internal,
}

impl ApiError {
    /// One query parameter or path segment that is wrong.
    pub(crate) fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldProblem {
            field: field.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        }])
    }

    fn problem(self) -> Problem {
        match self {
            Self::Unauthorized => {
                of_status(StatusCode::UNAUTHORIZED).detail("Sign in at /auth/login.")
            }
            Self::Forbidden(why) => of_status(StatusCode::FORBIDDEN).detail(why),
            Self::NotShared => Problem::new(403, "guild-not-shared", "This is not allowed")
                .detail("You and the bot do not share this guild."),
            Self::NotFound => of_status(StatusCode::NOT_FOUND),
            Self::RateLimited(_) => of_status(StatusCode::TOO_MANY_REQUESTS)
                .detail("Too many calls in a short time; Retry-After says when it goes on."),
            Self::Invalid(errors) => {
                let mut problem = Problem::new(400, "validation", "The request is not valid");
                problem.errors = errors;
                problem
            }
            Self::Unavailable => of_status(StatusCode::SERVICE_UNAVAILABLE).detail(
                "The event bus or the session store does not answer; try again in a moment.",
            ),
            Self::LimitsAway => Problem::new(503, "limits-away", "Not available at the moment")
                .detail("Calls can't be counted at the moment, so none is taken."),
            Self::GatewayAway => Problem::new(503, "gateway-away", "Not available at the moment")
                .detail(
                    "No gateway that could do it answers; nothing was done. Try again in a moment.",
                ),
            Self::Status(status) => of_status(status),
            Self::Problem(problem) | Self::RetryLater(problem, _) => *problem,
            Self::Discord => of_status(StatusCode::BAD_GATEWAY)
                .detail("Discord did not answer as expected; try again in a moment."),
            Self::Internal => of_status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

impl From<crate::hub::Away> for ApiError {
    fn from(_: crate::hub::Away) -> Self {
        Self::Unavailable
    }
}

impl From<event_bus::BusError> for ApiError {
    fn from(error: event_bus::BusError) -> Self {
        tracing::warn!(component = "Internal", %error, "the event bus could not answer a request");
        Self::Unavailable
    }
}

impl From<tower_sessions::session::Error> for ApiError {
    fn from(error: tower_sessions::session::Error) -> Self {
        tracing::warn!(component = "Internal", %error, "the session store could not answer a request");
        Self::Unavailable
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let pause = match &self {
            Self::RateLimited(pause) | Self::RetryLater(_, pause) => Some(*pause),
            Self::LimitsAway | Self::GatewayAway => Some(AWAY),
            _ => None,
        };
        let problem = self.problem();
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(problem);
        if let Some(pause) = pause {
            // Whole seconds, rounded up: who comes back then is not refused again.
            let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
            let seconds = HeaderValue::from(seconds.max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

/// The problem document of a status that says enough by itself.
pub(crate) fn of_status(status: StatusCode) -> Problem {
    let (code, title) = match status.as_u16() {
        400 => ("bad-request", "The request is not valid"),
        401 => ("unauthorized", "Nobody is signed in"),
        403 => ("forbidden", "This is not allowed"),
        404 => ("not-found", "There is nothing here"),
        405 => ("method-not-allowed", "This method is not possible here"),
        409 => ("conflict", "This is not possible now"),
        408 => ("timeout", "The request took too long to arrive"),
        413 => ("too-large", "The body is too large"),
        414 => ("uri-too-long", "The address is too long"),
        415 => ("unsupported-media-type", "The body has to be JSON"),
        422 => ("validation", "The request is not valid"),
        429 => ("rate-limited", "Too many requests"),
        431 => ("headers-too-large", "The headers are too large"),
        502 => ("discord-failed", "Discord failed"),
        503 => ("unavailable", "Not available at the moment"),
        504 => ("timeout", "The answer took too long"),
        500..=599 => ("internal", "Something went wrong on our side"),
        _ => ("error", "The request failed"),
    };
    Problem::new(status.as_u16(), code, title)
}

/// Gives every failed response the form of a problem document; whatever its body was (a library's text, a panic's) is not sent.
pub(crate) fn finish(mut response: Response, request_id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error()
        || response.extensions().get::<Page>().is_some()
    {
        return response;
    }
    let mut problem = response
        .extensions_mut()
        .remove::<Problem>()
        .unwrap_or_else(|| of_status(status));
    problem.request_id = Some(request_id.to_owned());
    let (mut parts, _) = response.into_parts();
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::TRANSFER_ENCODING);
    parts
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    parts
        .headers
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, Body::from(body))
}

/// Marks a failed response that says itself what it has to: a page for people, or why this replica is not ready.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page;
