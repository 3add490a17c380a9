//! What every request and every response passes: an id, limits, problem documents, security headers.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use contracts::{Problem, UserId};
use tracing::{
    Instrument, Span, debug,
    field::{Empty, display},
    info, info_span,
};
use uuid::Uuid;

use crate::{
    client_address::{ClientAddress, Peer},
    config::Config,
    error,
    metrics::Metrics,
    trace,
};

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
    config: Arc<Config>,
    metrics: Arc<Metrics>,
}

/// The span of a request; what is found out about it later is noted there. It is among the extensions of the request.
#[derive(Debug, Clone)]
pub(crate) struct RequestSpan(Span);

impl RequestSpan {
    /// Who asks.
    pub(crate) fn is_of(&self, user: UserId) {
        self.0.record("user_id", display(user));
    }
}

impl Shield {
    pub(crate) fn new(config: &Arc<Config>, metrics: Arc<Metrics>) -> Self {
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
            config: Arc::clone(config),
            metrics,
        }
    }
}

/// The outermost layer.
pub(crate) async fn shield(
    State(shield): State<Shield>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request_id(request.headers());
    let (path, method) = (request.uri().path().to_owned(), request.method().clone());
    let from = request
        .extensions()
        .get::<Peer>()
        .map(|peer| ClientAddress::of(*peer, request.headers(), &shield.config.trusted_proxies));
    let long = request
        .uri()
        .path_and_query()
        .is_some_and(|uri| uri.as_str().len() > LONGEST_URI);
    let span =
        info_span!("request", request_id = %id, %method, path = told(&path), user_id = Empty);
    let route = request.extensions().get::<MatchedPath>();
    let traced = trace::request(&method, route.map(MatchedPath::as_str));
    let response = if long {
        StatusCode::URI_TOO_LONG.into_response()
    } else {
        request.extensions_mut().insert(RequestSpan(span.clone()));
        let work = next.run(request).instrument(traced.clone());
        work.instrument(span.clone()).await
    };
    trace::answered(&traced, response.status());
    let status = response.status();
    if is_refusal(&method, status) {
        let code = response.extensions().get::<Problem>();
        let code = code.map_or("", |problem| problem.code.as_str());
        let from = from.map(|from| from.to_string()).unwrap_or_default();
        let _of_trace = traced.enter();
        span.in_scope(|| {
            info!(component = "Internal", request_id = %id, from, status = status.as_u16(), code, "a request was refused");
        });
    }
    let mut response = error::finish(response, &id);
    debug!(component = "Internal", request_id = %id, status = status.as_u16(), "a request was answered");
    shield.metrics.answered(status.as_u16());
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

/// Whether somebody asked for what is not for them, too often, or what can't be read. Who merely is not signed in yet, or
/// looks for what is not there, is no news.
fn is_refusal(method: &Method, status: StatusCode) -> bool {
    match status.as_u16() {
        400 | 403 | 413..=415 | 429 | 431 => true,
        401 => *method != Method::GET,
        _ => false,
    }
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
