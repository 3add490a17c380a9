//! What every request and every response passes: an id, limits, problem documents, security headers.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::{Instrument, debug, info_span};
use uuid::Uuid;

use crate::{config::Config, error, metrics::Metrics};

/// Longest path and query that are looked at.
const LONGEST_URI: usize = 8 << 10;

/// Longest request id that is taken over from a proxy.
const LONGEST_ID: usize = 64;

/// Where people who were invited go; what follows is the token.
const INVITED: &str = "/join/";

pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers that every response gets.
#[derive(Debug, Clone)]
pub(crate) struct Shield {
    headers: Arc<HeaderMap>,
    metrics: Arc<Metrics>,
}

impl Shield {
    pub(crate) fn new(config: &Config, metrics: Arc<Metrics>) -> Self {
        let cdn = url::Url::parse(&config.cdn_url).map(|url| url.origin().ascii_serialization());
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {}; font-src 'self'; connect-src 'self'; \
             manifest-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
            cdn.unwrap_or_default()
        );
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("content-security-policy", &policy);
        set("x-content-type-options", "nosniff");
        set("x-frame-options", "DENY");
        set("referrer-policy", "same-origin");
        set("cross-origin-opener-policy", "same-origin");
        set("cross-origin-resource-policy", "same-origin");
        set(
            "permissions-policy",
            "camera=(), microphone=(), geolocation=()",
        );
        if config.is_secure() {
            set(
                "strict-transport-security",
                "max-age=31536000; includeSubDomains",
            );
        }
        Self {
            headers: Arc::new(headers),
            metrics,
        }
    }
}

/// The outermost layer.
pub(crate) async fn shield(State(shield): State<Shield>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let path = request.uri().path().to_owned();
    let long = request
        .uri()
        .path_and_query()
        .is_some_and(|uri| uri.as_str().len() > LONGEST_URI);
    let response = if long {
        StatusCode::URI_TOO_LONG.into_response()
    } else {
        let span =
            info_span!("request", request_id = %id, method = %request.method(), path = told(&path));
        next.run(request).instrument(span).await
    };
    let mut response = error::finish(response, &id);
    debug!(component = "Internal", request_id = %id, status = response.status().as_u16(), "a request was answered");
    shield.metrics.answered(response.status().as_u16());
    for (name, value) in shield.headers.iter() {
        response
            .headers_mut()
            .entry(name)
            .or_insert_with(|| value.clone());
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), id);
    }
    if path.starts_with("/api/") || path.starts_with("/auth/") {
        let headers = response.headers_mut();
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

/// A path as logs and traces may name it: an invite's token in it would let its readers in.
fn told(path: &str) -> &str {
    if path.starts_with(INVITED) {
        INVITED
    } else {
        path
    }
}

/// The id that a proxy gave, if it is a plain word, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok());
    let plain = |id: &&str| {
        let word = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        word && !id.is_empty() && id.len() <= LONGEST_ID
    };
    given
        .filter(plain)
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_path_holds_no_invite() {
        assert_eq!(told("/join/0000000000000001abcdef"), "/join/");
        assert_eq!(told("/join/../api/me"), "/join/");
        assert_eq!(told("/api/guilds/1/rooms"), "/api/guilds/1/rooms");
    }
}
