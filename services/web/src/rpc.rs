//! What browsers ask to be done: `POST /api/rpc/{function}`.
//!
//! Every function passes the same checks in the same order ([`Call`]); the gateway decides whether the user may, and does it.

pub(crate) mod allowance;
mod body;
mod call;
pub(crate) mod idempotency;
mod invites;
mod messages;
mod outcome;
pub(crate) mod place;
mod rooms;
mod stream_token;
mod unknown;

pub(crate) use call::{Call, ask};
pub(crate) use invites::{create_invite, revoke_invite};
pub(crate) use messages::{add_reaction, send_message};
pub(crate) use rooms::{connect_user_to_voice_channel, create_room, delete_room, join_room};
pub(crate) use stream_token::issue_stream_token;
pub(crate) use unknown::unknown;

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use crate::state::AppState;

/// Where functions are.
const PREFIX: &str = "/api/rpc/";

/// Counts the answers of each function.
pub(crate) async fn counted(
    State(state): State<AppState>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let asked = Instant::now();
    let response = next.run(request).await;
    let function = path
        .as_ref()
        .and_then(|path| path.as_str().strip_prefix(PREFIX))
        .filter(|name| !name.starts_with('{'))
        .unwrap_or("unknown");
    let status = response.status().as_u16();
    state.metrics.called(function, status, asked.elapsed());
    response
}
