use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use contracts::{EventId, event::PastEvent};
use serde::Serialize;
use utoipa::ToSchema;

use super::{looking::Looking, shared_guild};
use crate::{error::ApiError, hub::Progress, state::AppState};

/// Events of an answer where nothing is asked for, and the most that may be asked for.
const LIMIT: (usize, usize) = (100, 500);

/// The answer of `GET /api/guilds/{guild}/events`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct History {
    /// The oldest first.
    events: Vec<PastEvent>,
    /// The cursor for the next call.
    next: EventId,
    /// Whether there is more after it.
    more: bool,
}

/// `GET /api/guilds/{guild}/events?since=&limit=`: what the log holds after a cursor, judged like the stream.
pub(crate) async fn history(
    State(state): State<AppState>,
    Looking(signed_in): Looking,
    Path(guild): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<History>, ApiError> {
    let (mut since, mut limit) = (EventId::ZERO, LIMIT.0);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "since" => {
                let read: Progress = value
                    .parse()
                    .map_err(|_| ApiError::field("since", "invalid", "has to be an event's id"))?;
                since = read.told;
            }
            "limit" => {
                let wanted = value
                    .parse()
                    .ok()
                    .filter(|wanted| (1..=LIMIT.1).contains(wanted));
                let wrong = || {
                    ApiError::field(
                        "limit",
                        "invalid",
                        format!("has to be a number from 1 to {}", LIMIT.1),
                    )
                };
                limit = wanted.ok_or_else(wrong)?;
            }
            _ => {}
        }
    }
    let standing = shared_guild(&state, &signed_in, &guild).await?;
    let upto = state.bus.clock().await?;
    let page = state.bus.read(standing.guild, since, upto, limit).await?;
    let next = match page.entries.last() {
        Some(last) if page.more => last.id,
        _ => upto.max(since),
    };
    let more = page.more;
    let user = signed_in.user.id;
    let events = state.hub.judge(user, &standing, page.entries).await?;
    Ok(Json(History { events, next, more }))
}
