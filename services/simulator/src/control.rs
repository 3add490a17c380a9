//! Making things happen, and making them go wrong.

mod act;
mod acts;
mod ask;
mod burst;
mod fault;
mod handle;
mod problem;
mod sequence;
mod settings;
mod state;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    response::Html,
    routing::{get, post},
};
pub use handle::Control;
pub use problem::ControlError;
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(crate) use act::act;

use crate::{scenario::Scenario, simulation::Shared};

/// Most log entries in one answer.
const LOG_PAGE: usize = 10_000;

/// What a control route gives.
type Answer = Result<Json<Value>, ControlError>;

/// All routes, to be nested under `/control`.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/state", get(read_state))
        .route("/log", get(read_log))
        .route("/stats", get(read_stats))
        .route("/sessions", get(read_sessions))
        .route("/calls", get(read_calls))
        .route("/settings", post(set_settings))
        .route("/fault", post(set_fault).delete(clear_faults))
        .route("/scenario", post(play).delete(stop))
        .route(
            "/sequence",
            get(read_sequence)
                .post(start_sequence)
                .delete(stop_sequence),
        )
        .route("/burst", post(start_burst))
        .route("/{act}", post(carry_out))
}

/// The page for people.
pub(crate) fn page() -> Html<&'static str> {
    Html(include_str!("control/page.html"))
}

/// The body as a JSON object; nothing is an empty one. Any content type will do, for `curl -d`.
fn object(body: &Bytes) -> Result<Map<String, Value>, ControlError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    serde_json::from_slice(body)
        .map_err(|error| ControlError::invalid("body", format!("not a JSON object: {error}")))
}

async fn read_state(State(simulation): State<Shared>) -> Json<Value> {
    Json(state::json(&simulation))
}

/// The query of the log.
#[derive(Deserialize)]
struct LogPage {
    #[serde(default, alias = "since")]
    after: u64,
    limit: Option<usize>,
    t: Option<String>,
}

async fn read_log(State(simulation): State<Shared>, Query(page): Query<LogPage>) -> Json<Value> {
    let log = &simulation.lock().log;
    let limit = page.limit.unwrap_or(LOG_PAGE).min(LOG_PAGE);
    let entries = log.after(page.after, limit, page.t.as_deref());
    Json(json!({ "first": log.first(), "last": log.last(), "entries": entries }))
}

async fn read_stats(State(simulation): State<Shared>) -> Json<Value> {
    Json(state::stats(&simulation))
}

async fn read_sessions(
    State(simulation): State<Shared>,
    Query(page): Query<LogPage>,
) -> Json<Value> {
    let limit = page.limit.unwrap_or(LOG_PAGE).min(LOG_PAGE);
    Json(simulation.lock().journal.page(page.after, limit))
}

async fn read_calls(State(simulation): State<Shared>, Query(page): Query<LogPage>) -> Json<Value> {
    let limit = page.limit.unwrap_or(LOG_PAGE).min(LOG_PAGE);
    Json(simulation.lock().calls.page(page.after, limit))
}

async fn set_settings(State(simulation): State<Shared>, body: Bytes) -> Answer {
    settings::set(&simulation, &object(&body)?).map(Json)
}

async fn start_sequence(State(simulation): State<Shared>, body: Bytes) -> Answer {
    sequence::start(simulation, &object(&body)?).await.map(Json)
}

async fn read_sequence(State(simulation): State<Shared>) -> Json<Value> {
    let state = simulation.lock();
    let none = json!({ "running": false });
    Json(
        state
            .sequence
            .as_ref()
            .map_or(none, |playing| playing.json()),
    )
}

async fn stop_sequence(State(simulation): State<Shared>) -> Json<Value> {
    let playing = simulation.lock().sequence.clone();
    let Some(playing) = playing else {
        return Json(json!({ "running": false }));
    };
    playing.stop.cancel();
    playing.ended().cancelled().await;
    Json(playing.json())
}

async fn carry_out(
    State(simulation): State<Shared>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    act(&simulation, &name, &object(&body)?).map(Json)
}

async fn set_fault(State(simulation): State<Shared>, body: Bytes) -> Answer {
    fault::set(&simulation, &object(&body)?).map(Json)
}

async fn clear_faults(State(simulation): State<Shared>) -> Json<Value> {
    simulation.lock().faults.clear();
    Json(json!({}))
}

async fn play(State(simulation): State<Shared>, body: Bytes) -> Answer {
    let scenario = Scenario::of(&object(&body)?, simulation.config.seed)
        .map_err(|message| ControlError::invalid("scenario", message))?;
    let answer = json!({ "name": scenario.name(), "rate": scenario.rate, "seed": scenario.seed });
    simulation.scenario.send_replace(Some(scenario));
    Ok(Json(answer))
}

async fn stop(State(simulation): State<Shared>) -> Json<Value> {
    simulation.scenario.send_replace(None);
    Json(json!({}))
}

async fn start_burst(State(simulation): State<Shared>, body: Bytes) -> Answer {
    burst::start(simulation, &object(&body)?).await.map(Json)
}
