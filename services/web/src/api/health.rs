use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use crate::{hub::Health, state::AppState};

/// `GET /api/health`: the process lives. It depends on nothing.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /api/ready`: whether requests should come here. Not before a tick has come back once, not while stopping, and not when
/// the bus answers but ticks do not come back: others may be better off. When the bus is away for all, a replica stays ready
/// (`degraded`): otherwise all would leave the load balancer at once, and its 503 would end every native `EventSource` for good.
pub(crate) async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Value>) {
    let (ready, status, reason) = if state.is_draining() {
        (false, "draining", None)
    } else {
        match state.hub.health() {
            Health::Starting => {
                let reason = "the event bus has not answered yet";
                (false, "starting", Some(reason))
            }
            Health::Ready => (true, "ready", None),
            Health::Away => (true, "degraded", Some("the event bus is away")),
            Health::Repairing => {
                let reason = "events that were missed are being read from the log";
                (true, "degraded", Some(reason))
            }
            Health::Detached => {
                let reason = "Redis answers commands but this replica's tick does not return";
                (false, "detached", Some(reason))
            }
        }
    };
    let status = match reason {
        Some(reason) => json!({"status": status, "reason": reason}),
        None => json!({"status": status}),
    };
    if ready {
        (StatusCode::OK, Json(status))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(status))
    }
}
