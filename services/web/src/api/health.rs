use std::{sync::atomic::Ordering, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use crate::state::AppState;

/// How long the bus may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /api/health`: the process lives. It depends on nothing.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /api/ready`: whether requests should come here. Not before the bus has answered once, and not while stopping. When
/// the bus goes away later, it stays ready (`degraded`): otherwise all replicas would leave the load balancer at once, and
/// its 503 would end every native `EventSource` for good.
pub(crate) async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Value>) {
    if state.is_draining() {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({"status": "draining"})),
        );
    }
    let answered = tokio::time::timeout(PATIENCE, state.bus.ping()).await;
    let up = matches!(answered, Ok(Ok(()))) && state.hub.is_up();
    if up {
        state.started.store(true, Ordering::Release);
    }
    match (up, state.has_started()) {
        (true, _) => (StatusCode::OK, Json(json!({"status": "ready"}))),
        (false, true) => (
            StatusCode::OK,
            Json(json!({"status": "degraded", "reason": "the event bus is away"})),
        ),
        (false, false) => {
            let body =
                json!({"status": "starting", "reason": "the event bus has not answered yet"});
            (StatusCode::SERVICE_UNAVAILABLE, Json(body))
        }
    }
}
