//! The table of contents: what is served where.

use std::{any::Any, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer,
};
use tracing::error;

use crate::{
    api, dashboard,
    deliver::sse,
    error::ApiError,
    login, origin,
    session::cookie::{self, CookieCare},
    shield::{Shield, shield},
    state::AppState,
};

/// Longest body of a request.
const BODY_LIMIT: usize = 64 << 10;

/// How long an answer may take, streams excepted.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Everything that the public port serves.
pub(crate) fn router(state: AppState) -> Router {
    let sessions = ServiceBuilder::new()
        .layer(from_fn_with_state(
            CookieCare::new(&state.config),
            cookie::care,
        ))
        .layer(cookie::layer(&state.config, state.sessions.clone()));
    let own_pages_only = from_fn_with_state(state.clone(), origin::own_pages_only);

    let stream = Router::new().route("/api/stream", get(sse::stream).head(sse::stream_head));
    let timed = Router::new()
        .route("/api/me", get(api::me))
        .route("/api/guilds", get(api::guilds))
        .route("/api/guilds/{guild}/rooms", get(api::rooms))
        .route("/api/guilds/{guild}/events", get(api::history))
        .route("/auth/login", get(login::authorize))
        .route("/auth/callback", get(login::callback))
        .route("/auth/logout", post(login::logout))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            TIMEOUT,
        ));
    let with_session = stream.merge(timed).layer(own_pages_only).layer(sessions);
    let with_session = match origin::cross_origin(&state.config) {
        Some(cors) => with_session.layer(cors),
        None => with_session,
    };
    let plain = Router::new()
        .route("/api/health", get(api::health))
        .route("/api/ready", get(api::ready))
        .route("/", get(dashboard::page))
        .route("/join/{*token}", get(dashboard::page))
        .route("/{*path}", get(dashboard::asset))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            TIMEOUT,
        ));

    let shielding = Shield::new(&state.config, state.metrics.clone());
    with_session
        .merge(plain)
        .fallback(|| async { ApiError::NotFound })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(shielding, shield))
        .with_state(state)
}

/// A panic is a bug: it is logged, and the browser learns that it is ours.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let what = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let what = what
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    error!(component = "Internal", what, "a request panicked");
    ApiError::Internal.into_response()
}
