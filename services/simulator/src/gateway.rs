//! The Gateway: WebSocket connections and the sessions they carry.
//! Source: the pages Gateway, Gateway Events, Opcodes and Status Codes.

pub(crate) mod budget;
mod close;
mod command;
mod compress;
mod connection;
mod identify;
pub(crate) mod intents;
pub(crate) mod journal;
mod listen;
mod members;
pub(crate) mod opcode;
mod resume;
pub(crate) mod session;
pub(crate) mod sessions;
mod strike;

use axum::{
    extract::{Query, State, WebSocketUpgrade},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
pub(crate) use close::Close;
pub(crate) use connection::Out;
pub(crate) use identify::application_flags;
use serde::Deserialize;
pub(crate) use strike::Strike;

use crate::{fault::Lasting, simulation::Shared};

/// The path that READY names for resuming.
pub(crate) const RESUME_PATH: &str = "/gateway/resume";

/// Buffers of a connection in bytes; a Gateway connection is small in, medium out.
const READ_BUFFER: usize = 8 * 1024;
const WRITE_BUFFER: usize = 32 * 1024;

/// The largest message that is read at all; more than 4096 bytes closes with 4002.
const MAX_MESSAGE: usize = 64 * 1024;

/// The query of a Gateway URL.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Parameters {
    v: Option<String>,
    encoding: Option<String>,
    compress: Option<String>,
}

/// `GET /gateway`, `/gateway/resume` and `/` as `WebSockets`.
pub(crate) async fn upgrade(
    State(simulation): State<Shared>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    uri: Uri,
    upgrade: WebSocketUpgrade,
) -> Response {
    let dead = {
        let faults = &mut simulation.lock().faults;
        faults.take(Lasting::DeadGateway, None).is_some()
            || (uri.path().starts_with(RESUME_PATH)
                && faults.take(Lasting::DeadResumeUrl, None).is_some())
    };
    if dead {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("127.0.0.1");
    let resume_url = format!("ws://{host}{RESUME_PATH}");
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(64 * WRITE_BUFFER)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| connection::run(socket, simulation, parameters, resume_url))
}
