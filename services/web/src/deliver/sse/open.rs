use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    http::Version,
    response::{IntoResponse, Response},
};
use contracts::{GuildId, event::UnavailableReason};
use tracing::{debug, info};

use super::{body::StreamBody, frames, query::StreamQuery, recheck::Recheck, respond};
use crate::{
    api::shared,
    error::ApiError,
    hub::{Transport, Wish},
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

enum Refusal {
    Passing(UnavailableReason),
    Final(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Unavailable | ApiError::Discord => Self::Passing(UnavailableReason::Bus),
            other => Self::Final(other),
        }
    }
}

async fn open(
    state: &AppState,
    signed_in: Result<SignedIn, ApiError>,
    request: Request,
) -> Result<Body, Refusal> {
    let signed_in = signed_in?;
    let patience = request.extensions().get::<Patience>().cloned();
    let query = StreamQuery::read(request.uri().query().unwrap_or_default(), request.headers())?;
    let user = signed_in.user.id;
    let shared: Vec<GuildId> = shared(state, &signed_in)
        .await?
        .iter()
        .map(|guild| guild.id)
        .collect();
    let guilds = match &query.guilds {
        None => shared,
        Some(wanted) if wanted.iter().all(|guild| shared.contains(guild)) => wanted.clone(),
        Some(_) => {
            return Err(
                ApiError::Forbidden("You and the bot do not share all of these guilds.").into(),
            );
        }
    };
    let Some(slot) = state
        .streams
        .open(user, signed_in.id, patience.unwrap_or_default())
    else {
        debug!(component = "WS", user_id = %user, "a user has too many streams");
        return Err(Refusal::Passing(UnavailableReason::Overload));
    };
    let wish = Wish {
        guilds,
        mask: query.mask,
        cursor: query.cursor,
        snapshot: query.snapshot,
        transport: Transport::Sse,
    };
    let joined = state
        .hub
        .join(wish, std::sync::Arc::clone(&slot.alarm))
        .await;
    let Ok((viewer, first)) = joined else {
        return Err(Refusal::Passing(UnavailableReason::Bus));
    };
    info!(component = "WS", user_id = %user, guilds = viewer.guilds().len(), "Client authenticated: {user}");
    let has_guilds = !viewer.guilds().is_empty();
    let recheck = Recheck::new(state.clone(), signed_in, query.guilds, has_guilds);
    Ok(Body::new(StreamBody::new(
        state, viewer, first, slot, recheck,
    )))
}

fn unavailable(state: &AppState, reason: UnavailableReason, version: Version) -> Response {
    state.metrics.stream_refused(frames::name(reason));
    respond(
        Body::from(frames::farewell(reason, Duration::ZERO)),
        version,
    )
}
