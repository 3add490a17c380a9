//! `/health` and `/ready`.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use discord::Intents;
use event_bus::EventBus;
use serde::Serialize;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::timeout::TimeoutLayer;

use crate::board::{Board, FeatureOff, ShardView, features_off};

/// How long the bus may take to answer before it counts as away.
const BUS_PATIENCE: Duration = Duration::from_secs(2);
/// How long any answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// Requests served at the same time; probes are few.
const CONCURRENCY: usize = 64;

/// What readiness is made of.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) board: Arc<Board>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) drain: CancellationToken,
    pub(crate) intents: Intents,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Readiness {
    ready: bool,
    draining: bool,
    standby: bool,
    bus: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    shards: Vec<ShardView>,
    features_off: Vec<FeatureOff>,
}

/// The gateway's public routes.
pub(crate) fn router(health: Health) -> Router {
    Router::new()
        .route("/health", get(live))
        .route("/ready", get(ready))
        .with_state(health)
        .layer(
            ServiceBuilder::new()
                .layer(TimeoutLayer::with_status_code(
                    StatusCode::SERVICE_UNAVAILABLE,
                    ANSWER,
                ))
                .concurrency_limit(CONCURRENCY),
        )
}

/// Alive: depends on nothing else, or an outage of Redis would have every gateway restarted.
async fn live() -> impl IntoResponse {
    Json(serde_json::json!({ "status": "ok" }))
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    let bus = matches!(timeout(BUS_PATIENCE, health.bus.ping()).await, Ok(Ok(())));
    let draining = health.drain.is_cancelled();
    let ready = bus && !draining && health.board.connected();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Readiness {
        ready,
        draining,
        standby: health.board.is_standby(),
        bus: if bus { "ok" } else { "unavailable" },
        trouble: health.board.told_trouble(),
        shards: health.board.views(),
        features_off: features_off(health.intents),
    };
    (status, Json(body))
}
