//! Which pages may speak to us with the user's cookie.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{config::Config, error::ApiError, state::AppState};

/// How long browsers may remember that an origin is allowed.
const REMEMBER: Duration = Duration::from_secs(600);

/// Refuses requests from foreign pages: whatever changes something, and streams. A request without `Origin` (a program, or a
/// plain GET of our own page) is refused only if the browser says that it is a foreign page's.
pub(crate) async fn own_pages_only(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let stream = ["/api/stream", "/api/ws"].contains(&request.uri().path());
    if (!safe || stream) && !is_own(request.headers(), &state.config) {
        return FOREIGN.into_response();
    }
    // No form can send JSON, so whatever else is sent may be a foreign page's form.
    let kind = request.headers().contains_key(header::CONTENT_TYPE);
    if !safe && kind && !is_json(request.headers()) {
        return ApiError::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE).into_response();
    }
    next.run(request).await
}

const FOREIGN: ApiError = ApiError::Forbidden("This origin is not among ALLOWED_ORIGINS.");

/// Refuses a call from a foreign page.
pub(crate) fn own_page(headers: &HeaderMap, config: &Config) -> Result<(), ApiError> {
    is_own(headers, config).then_some(()).ok_or(FOREIGN)
}

/// Whether the content is said to be JSON, whatever its parameters.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn is_own(headers: &HeaderMap, config: &Config) -> bool {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let known = |known: &str| origin.as_bytes() == known.as_bytes();
        return known(&config.origin())
            || config.allowed_origins.iter().any(|origin| known(origin));
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    matches!(site, None | Some(b"same-origin" | b"none"))
}

/// Lets the pages of other origins read our answers, if any are configured.
pub(crate) fn cross_origin(config: &Config) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = config
        .allowed_origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok())
        .collect();
    let layer = CorsLayer::new()
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([header::RETRY_AFTER, HeaderName::from_static("x-request-id")])
        .max_age(REMEMBER);
    (!origins.is_empty()).then(|| layer.allow_origin(AllowOrigin::list(origins)))
}

#[cfg(test)]
mod tests {
    use environment::Env;
    use event_bus::WithoutRedis;

    use super::*;

    #[test]
    fn foreign_pages_are_told_apart() {
        let mut env = Env::from_pairs([
            ("BASE_URL", "https://f.example"),
            ("ALLOWED_ORIGINS", "https://app.example"),
            ("SESSION_SECRET", "0123456789abcdef0123456789abcdef"),
        ]);
        let config = Config::read_with(&mut env, WithoutRedis::Memory);
        let own = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
            is_own(&headers, &config)
        };
        assert!(own("origin", "https://f.example") && own("origin", "https://app.example"));
        for foreign in [
            "https://evil.example",
            "null",
            "http://f.example",
            "https://f.example:8443",
            "https://f.example.evil",
        ] {
            assert!(!own("origin", foreign), "{foreign}");
        }
        assert!(own("sec-fetch-site", "same-origin") && !own("sec-fetch-site", "cross-site"));
        assert!(
            !own("sec-fetch-site", "same-site"),
            "a sibling host is known by its Origin only"
        );
        assert!(is_own(&HeaderMap::new(), &config), "a program, not a page");
    }

    #[test]
    fn json_is_told_apart_from_what_a_form_can_send() {
        let kind = |kind: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            is_json(&headers)
        };
        assert!(kind("application/json") && kind("Application/JSON; charset=utf-8"));
        for form in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/jsonp",
            "text/plain; application/json",
            "",
        ] {
            assert!(!kind(form), "{form}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
