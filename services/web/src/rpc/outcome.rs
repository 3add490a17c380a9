use std::time::Duration;

use axum::http::StatusCode;
use contracts::{Problem, link::LinkError};
use link::CallError;

use crate::error::{ApiError, of_status};

/// Longest pause that a gateway's word makes a browser wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// What a browser is told of a command that has no result.
pub(super) fn problem(error: CallError) -> ApiError {
    match error {
        CallError::Refused(refusal) => refused(refusal),
        CallError::Away(_) => ApiError::GatewayAway,
        CallError::Unknown => unknown(),
    }
}

/// It may have been done: asked again with the same `Idempotency-Key`, it is not done twice.
pub(super) fn unknown() -> ApiError {
    let problem = Problem::new(
        502,
        "outcome-unknown",
        "It is not known whether it was done",
    );
    ApiError::Problem(Box::new(problem.detail(
        "No answer came in time. Ask again with the same Idempotency-Key: what was done is not done twice.",
    )))
}

/// The gateway's word is passed on, if it is one that a browser may get: a 401 would look as if the user were signed out.
fn refused(refusal: LinkError) -> ApiError {
    if refusal.code == LinkError::ELSEWHERE {
        return ApiError::GatewayAway;
    }
    // What is hidden looks like what does not exist, whoever found it out.
    if refusal.code == "not-found" {
        return ApiError::NotFound;
    }
    let passed_on = matches!(refusal.status, 400 | 403 | 404 | 409 | 429 | 502 | 503);
    let status = if passed_on { refusal.status } else { 502 };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut problem = of_status(status);
    if is_code(&refusal.code) {
        problem.code = refusal.code;
    }
    problem = problem.detail(refusal.message);
    problem.errors = refusal.errors;
    match refusal.retry_after_ms {
        Some(ms) => {
            let pause = Duration::from_millis(ms).min(LONGEST_PAUSE);
            ApiError::RetryLater(Box::new(problem), pause)
        }
        None => ApiError::Problem(Box::new(problem)),
    }
}

fn is_code(code: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !code.is_empty() && code.len() <= 64 && code.bytes().all(plain)
}
