//! Where the Gateway is. Source: the page Gateway, "Get Gateway", "Get Gateway Bot".

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
};
use serde_json::{Value, json};

use super::gate::Bot;
use crate::simulation::Shared;

pub(super) async fn gateway(headers: HeaderMap) -> Json<Value> {
    Json(json!({ "url": url(&headers) }))
}

pub(super) async fn gateway_bot(
    State(simulation): State<Shared>,
    _: Bot,
    headers: HeaderMap,
) -> Json<Value> {
    let budget = &mut simulation.lock().budget;
    let reset_after = budget.reset_after_millis();
    Json(json!({
        "url": url(&headers), "shards": simulation.config.shards,
        "session_start_limit": {
            "total": budget.total, "remaining": budget.remaining, "reset_after": reset_after,
            "max_concurrency": budget.max_concurrency,
        },
    }))
}

/// The Gateway is where the caller found the API.
fn url(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("127.0.0.1");
    format!("ws://{host}/gateway")
}
