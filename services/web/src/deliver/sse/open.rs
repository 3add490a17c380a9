use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    http::Version,
    response::{IntoResponse, Response},
};
use contracts::event::UnavailableReason;

use super::{body::StreamBody, frames, respond};
use crate::{
    deliver::{
        choice::Choice,
        opening::{self, Refusal},
    },
    error::ApiError,
    hub::Transport,
    patience::Patience,
    session::SignedIn,
    state::AppState,
};

/// `GET /api/stream`.
///
/// Native `EventSource` gives up for good on any answer but 200, so passing trouble is told within a 200 that ends at once.
pub(crate) async fn stream(
    State(state): State<AppState>,
    signed_in: Result<SignedIn, ApiError>,
    request: Request,
) -> Response {
    let version = request.version();
    if state.is_draining() {
        return unavailable(&state, UnavailableReason::Draining, version);
    }
    match open(&state, signed_in, request).await {
        Ok(body) => respond(body, version),
        Err(Refusal::Passing(reason)) => unavailable(&state, reason, version),
        Err(Refusal::Final(error)) => error.into_response(),
    }
}

/// `HEAD /api/stream`: the head that a GET would get, if somebody is signed in.
pub(crate) async fn stream_head(_signed_in: SignedIn, request: Request) -> Response {
    respond(Body::empty(), request.version())
}

async fn open(
    state: &AppState,
    signed_in: Result<SignedIn, ApiError>,
    request: Request,
) -> Result<Body, Refusal> {
    let signed_in = signed_in?;
    let query = request.uri().query().unwrap_or_default();
    let choice = Choice::from_query(query, request.headers())?;
    let patience = request.extensions().get::<Patience>().cloned();
    let (flow, first) = opening::open(
        state,
        signed_in,
        choice,
        Transport::Sse,
        patience.unwrap_or_default(),
    )
    .await?;
    Ok(Body::new(StreamBody::new(flow, first)))
}

fn unavailable(state: &AppState, reason: UnavailableReason, version: Version) -> Response {
    state.metrics.stream_refused(opening::name(reason));
    respond(
        Body::from(frames::farewell(reason, Duration::ZERO)),
        version,
    )
}
