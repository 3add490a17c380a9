use axum::{Extension, Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use crate::{error::Page, hub::Health, state::AppState};

/// `GET /api/health`: the process lives. It depends on nothing.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /api/ready`: whether requests should come here. Not before a tick has come back once, not while stopping, and not when
/// the bus answers but ticks do not come back: others may be better off. When the bus is away for all, a replica stays ready
/// (`degraded`): otherwise all would leave the load balancer at once, and its 503 would end every native `EventSource` for good.
pub(crate) async fn ready(
    State(state): State<AppState>,
) -> (StatusCode, Extension<Page>, Json<Value>) {
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
    let body = match reason {
        Some(reason) => json!({"status": status, "reason": reason}),
        None => json!({"status": status}),
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Extension(Page), Json(body))
}

#[cfg(test)]
mod tests {
    use contracts::GuildId;
    use tokio::time::sleep;

    use super::*;
    use crate::{
        hub::tests::script::{Stage, Ticks},
        state::staged::staged,
    };

    async fn become_as(state: &AppState, health: Health) -> (StatusCode, String) {
        while state.hub.health() != health {
            sleep(crate::hub::TICK_EVERY).await;
        }
        let (status, _, Json(body)) = ready(State(state.clone())).await;
        (status, body.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn a_replica_is_not_ready_while_its_ticks_vanish_and_stays_ready_while_the_bus_is_away() {
        let stage = Stage::starting(&[GuildId::new(1)], Ticks::Fail);
        let state = staged(&stage, "60");
        let (status, body) = become_as(&state, Health::Starting).await;
        assert!(status == 503 && body.contains("starting"), "{body}");
        stage.script.set_ticks(Ticks::Return);
        let (status, body) = become_as(&state, Health::Ready).await;
        assert!(status == 200 && body == r#"{"status":"ready"}"#, "{body}");
        stage.script.set_ticks(Ticks::Vanish);
        let (status, body) = become_as(&state, Health::Detached).await;
        assert!(
            status == 503 && body.contains("tick does not return"),
            "{body}"
        );
        stage.script.set_ticks(Ticks::Fail);
        let (status, body) = become_as(&state, Health::Away).await;
        assert!(status == 200 && body.contains("degraded"), "{body}");
        state.drain.cancel();
        let (status, body) = become_as(&state, Health::Away).await;
        assert!(status == 503 && body.contains("draining"), "{body}");
    }
}
