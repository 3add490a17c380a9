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
use tower_http::{
    catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer,
};
use tracing::error;

use crate::{
    api, dashboard,
    deliver::{sse, ws},
    error::ApiError,
    login, openapi, origin, rpc,
    session::cookie::{self, SessionCookie},
    shield::{Shield, shield},
    state::AppState,
};

/// Longest body of a request.
const BODY_LIMIT: usize = 64 << 10;

/// How long an answer may take, streams excepted.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long the answer of a function may take: over all time-outs on the way to Discord.
const RPC_TIMEOUT: Duration = Duration::from_secs(45);

/// Everything that the public port serves.
pub(crate) fn router(state: AppState) -> Router {
    let cookie = SessionCookie::new(&state.config, state.sessions.clone());
    let sessions = from_fn_with_state(cookie, cookie::session);
    let sized = RequestBodyLimitLayer::new(BODY_LIMIT);
    let own_pages_only = from_fn_with_state(state.clone(), origin::own_pages_only);
    let own_pages_only_too = own_pages_only.clone();

    let stream = Router::new().route("/api/stream", get(sse::stream).head(sse::stream_head));
    let timed = Router::new()
        .route("/api/me", get(api::me))
        .route("/api/guilds", get(api::guilds))
        .route("/api/guilds/{guild}/rooms", get(api::rooms))
        .route("/api/guilds/{guild}/events", get(api::history))
        .route("/api/channels/{channel}/messages", get(api::messages))
        .route("/api/channels/{channel}/abilities", get(api::abilities))
        .route("/api/operations", get(api::operations))
        .route("/auth/login", get(login::authorize))
        .route("/auth/callback", get(login::callback))
        .route("/auth/logout", post(login::logout))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            TIMEOUT,
        ));
    // They check origin and size themselves, after who is signed in, and wait for the gateway.
    let functions = Router::new()
        .route("/api/rpc/createRoom", post(rpc::create_room))
        .route("/api/rpc/joinRoom", post(rpc::join_room))
        .route(
            "/api/rpc/connectUserToVoiceChannel",
            post(rpc::connect_user_to_voice_channel),
        )
        .route("/api/rpc/deleteRoom", post(rpc::delete_room))
        .route("/api/rpc/createInvite", post(rpc::create_invite))
        .route("/api/rpc/revokeInvite", post(rpc::revoke_invite))
        .route("/api/rpc/sendMessage", post(rpc::send_message))
        .route("/api/rpc/addReaction", post(rpc::add_reaction))
        .route("/api/rpc/issueStreamToken", post(rpc::issue_stream_token))
        .route("/api/rpc/{*function}", post(rpc::unknown))
        .layer(from_fn_with_state(state.clone(), rpc::counted))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            RPC_TIMEOUT,
        ));
    let with_session = stream
        .merge(timed)
        .layer(own_pages_only)
        .layer(sized)
        .merge(functions)
        .layer(sessions);
    let with_session = match origin::cross_origin(&state.config) {
        Some(cors) => with_session.layer(cors),
        None => with_session,
    };
    // A token opens it, not the cookie.
    let websocket = Router::new()
        .route("/api/ws", get(ws::upgrade))
        .layer(own_pages_only_too);
    let plain = Router::new()
        .route("/api/health", get(api::health))
        .route("/api/ready", get(api::ready))
        .route("/api/openapi.json", get(openapi::openapi))
        .route("/", get(dashboard::page))
        .route("/join/{*token}", get(dashboard::page))
        .route("/operations", get(dashboard::page))
        .route("/{*path}", get(dashboard::asset))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            TIMEOUT,
        ))
        .layer(sized);

    let shielding = Shield::new(&state.config, state.metrics.clone());
    with_session
        .merge(websocket)
        .merge(plain)
        .fallback(|| async { ApiError::NotFound })
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
