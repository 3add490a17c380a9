//! `GET /api/ws`: the same streams over a WebSocket (RFC 6455), for pages that the cookie does not reach.

mod auth;
mod message;
mod pace;
mod session;

use std::time::Duration;

use axum::{
    Extension,
    extract::{State, ws::WebSocket, ws::WebSocketUpgrade},
    response::{IntoResponse, Response},
};
use futures_util::SinkExt as _;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, info};

use crate::{error::ApiError, patience::Patience, server, state::AppState};
use message::{Code, Parting};

/// Longest message that is read; the first one may name 200 guilds.
const LONGEST: usize = 16 << 10;

/// What is read at once, and kept for as long as the connection lives.
const READ_BUFFER: usize = 2 << 10;

/// From how many bytes on messages are written without waiting for more.
const WRITE_BUFFER: usize = 8 << 10;

/// How long the browser has to take the last message and to answer our closing.
const CLOSING: Duration = Duration::from_secs(5);

/// Takes the connection over from HTTP.
pub(crate) async fn upgrade(
    State(state): State<AppState>,
    kept: Option<Extension<server::Kept>>,
    patience: Option<Extension<Patience>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            debug!(component = "WS", %rejection, "a request is no upgrade to a WebSocket");
            return ApiError::field("upgrade", "invalid", "this address is for WebSockets only")
                .into_response();
        }
    };
    let patience = patience.map(|Extension(patience)| patience);
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(LONGEST)
        .max_frame_size(LONGEST)
        .on_upgrade(async move |socket| {
            let tasks = state.tasks.clone();
            tasks.track(async move {
                serve(socket, &state, patience.unwrap_or_default()).await;
                drop(kept);
            });
        })
}

/// Serves one connection, while this replica stops no longer than others are served.
async fn serve(mut socket: WebSocket, state: &AppState, patience: Patience) {
    state.metrics.websocket_opened();
    let cut = async {
        state.drain.cancelled().await;
        sleep(state.config.grace.mul_f64(server::CUT_SHARE)).await;
    };
    tokio::select! {
        () = converse(&mut socket, state) => {}
        () = cut => {}
    }
    if patience.is_over() {
        state.metrics.slow_consumer_closed();
    }
}

async fn converse(socket: &mut WebSocket, state: &AppState) {
    let begun = Instant::now();
    let parting = match auth::begin(socket, state).await {
        Ok((flow, first)) => {
            state.metrics.websocket_authenticated(begun.elapsed());
            session::Session::new(socket, state, flow, first)
                .run()
                .await
        }
        Err(parting) => parting,
    };
    let Some(parting) = parting else { return };
    info!(
        component = "WS",
        code = parting.code as u16,
        reason = parting.reason,
        "a WebSocket is closed"
    );
    if parting.code == Code::TooMany {
        state.metrics.stream_refused("overload");
    }
    // Whoever does not take it in time is cut off.
    let _in_time = timeout(CLOSING, part(socket, parting)).await;
}

/// Says the last words, and waits for the browser's: what it has sent and nobody has read would otherwise make the system
/// discard ours.
async fn part(socket: &mut WebSocket, mut parting: Parting) -> Result<(), axum::Error> {
    let close = parting.close();
    if let Some(say) = parting.say.take() {
        socket.feed(say).await?;
    }
    socket.send(close).await?;
    while let Some(Ok(_)) = socket.recv().await {}
    Ok(())
}
