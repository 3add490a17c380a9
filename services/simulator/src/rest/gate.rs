//! What every REST call passes: faults, User-Agent, Authorization, rate limits.
//! Source: the pages API Reference, "Authentication", "User Agent", and Rate Limits.

use std::time::Duration;

use axum::{
    Json,
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    limit::{Allowance, Outcome, unversioned},
    reason,
};
use crate::{
    calls::Call,
    fault::Lasting,
    oauth::Grant,
    simulation::{Shared, Simulation},
    world::Refusal,
};

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Bot,
    /// Somebody by an access token.
    Person(Grant),
    Nobody,
}

/// The middleware of all routes but those of OAuth2's tokens.
pub(super) async fn pass(
    State(simulation): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let (silent, slow, broken, refused) = {
        let faults = &mut simulation.lock().faults;
        (
            faults.take(Lasting::SilentRest, None),
            faults.take(Lasting::SlowRest, None),
            faults.take(Lasting::Rest5xx, None),
            faults.take(Lasting::Rest429, None),
        )
    };
    if let Some(millis) = silent {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    if let Some(millis) = slow {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    if let Some(status) = broken {
        let status = u16::try_from(status)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok());
        return (
            status.unwrap_or(StatusCode::BAD_GATEWAY),
            "upstream connect error",
        )
            .into_response();
    }
    if let Some(millis) = refused {
        return too_many(millis as f64 / 1_000.0, "shared", None);
    }
    if request
        .headers()
        .get(header::USER_AGENT)
        .is_none_or(HeaderValue::is_empty)
    {
        return Refusal::new(403, 40_333, "internal network error").into_response();
    }
    let caller = match caller(&simulation, request.headers()) {
        Ok(caller) => caller,
        Err(refusal) => {
            simulation.lock().limits.count_invalid(401);
            return refusal.into_response();
        }
    };
    let key = request
        .headers()
        .get(header::AUTHORIZATION)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let outcome =
        simulation
            .lock()
            .limits
            .count(key, request.method(), route, request.uri().path());
    let allowance = match outcome {
        Outcome::Allowed(allowance) => allowance,
        Outcome::Limited(allowance) => {
            simulation.lock().limits.count_invalid(429);
            return too_many(allowance.reset_after, "user", Some(&allowance));
        }
        Outcome::GloballyLimited(retry_after) => {
            simulation.lock().limits.count_invalid(429);
            return too_many(retry_after, "global", None);
        }
    };
    let mut call = match reason::read(request.headers()) {
        Ok(reason) => call(&request, &caller, route, reason),
        Err(refusal) => return refusal.into_response(),
    };
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    call.status = response.status().as_u16();
    {
        let mut state = simulation.lock();
        state.limits.count_invalid(call.status);
        state.calls.note(call);
    }
    if let Some(allowance) = allowance {
        describe(response.headers_mut(), &allowance);
    }
    response
}

/// What is noted of a call; its status follows.
fn call(request: &Request, caller: &Caller, route: &str, reason: Option<String>) -> Call {
    let path = unversioned(request.uri().path());
    // The token of a webhook is as good as a password.
    let token = route.ends_with("/webhooks/{webhook}/{token}");
    let path = path
        .rsplit_once('/')
        .filter(|_| token)
        .map_or(path, |(start, _)| start);
    Call {
        method: request.method().to_string(),
        path: path.to_owned(),
        user: match caller {
            Caller::Person(grant) => Some(grant.user),
            Caller::Bot | Caller::Nobody => None,
        },
        reason,
        status: 0,
    }
}

fn caller(simulation: &Simulation, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(Caller::Nobody);
    };
    let value = value.to_str().map_err(|_| Refusal::unauthorized())?;
    let (scheme, token) = value.split_once(' ').ok_or_else(Refusal::unauthorized)?;
    let state = simulation.lock();
    match scheme {
        "Bot" if state.accepts_token(token, &simulation.config) => Ok(Caller::Bot),
        "Bearer" => state
            .grants
            .by_access_token(token)
            .map(Caller::Person)
            .ok_or_else(Refusal::unauthorized),
        _ => Err(Refusal::unauthorized()),
    }
}

/// 429 with its headers and body.
fn too_many(retry_after: f64, scope: &'static str, allowance: Option<&Allowance>) -> Response {
    let global = scope == "global";
    let body = json!({
        "message": "You are being rate limited.", "retry_after": retry_after, "global": global,
    });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    let headers = response.headers_mut();
    if let Some(allowance) = allowance {
        describe(headers, allowance);
    }
    headers.insert("x-ratelimit-scope", HeaderValue::from_static(scope));
    headers.insert(
        header::RETRY_AFTER,
        HeaderValue::from(retry_after.ceil() as u64),
    );
    if global {
        headers.insert("x-ratelimit-global", HeaderValue::from_static("true"));
    }
    response
}

fn describe(headers: &mut HeaderMap, allowance: &Allowance) {
    for (name, value) in [
        ("x-ratelimit-limit", allowance.limit.to_string()),
        ("x-ratelimit-remaining", allowance.remaining.to_string()),
        ("x-ratelimit-reset", format!("{:.3}", allowance.reset)),
        (
            "x-ratelimit-reset-after",
            format!("{:.3}", allowance.reset_after),
        ),
        ("x-ratelimit-bucket", allowance.bucket.clone()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// Lets only the bot through.
pub(super) struct Bot;

impl<S: Send + Sync> FromRequestParts<S> for Bot {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        match parts.extensions.get::<Caller>() {
            Some(Caller::Bot) => Ok(Self),
            _ => Err(Refusal::unauthorized()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        match parts.extensions.get::<Self>() {
            Some(Self::Nobody) | None => Err(Refusal::unauthorized()),
            Some(caller) => Ok(caller.clone()),
        }
    }
}
