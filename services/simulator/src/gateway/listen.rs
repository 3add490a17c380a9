//! What a client sends on a connection, and what becomes of it.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use axum::extract::ws::Message;
use serde_json::{Value, json};
use tracing::info;

use super::{
    Close, command,
    connection::{Connection, End, Out, Step},
    identify::Identify,
    opcode,
    resume::Resume,
};
use crate::fault::Lasting;

/// The largest payload that a client may send, in bytes.
const MAX_PAYLOAD: usize = 4096;

/// How many messages a client may send in [`SEND_WINDOW`].
const SENDS: usize = 120;
const SEND_WINDOW: Duration = Duration::from_secs(60);

/// Why an IDENTIFY or RESUME is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejection {
    Close(Close),
    /// Op 9, not resumable.
    InvalidSession,
    /// The socket is dropped without a word (a fault).
    Drop,
}

impl Connection {
    /// Takes what the client sent.
    pub(super) async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Step {
        let text = match message {
            Some(Ok(Message::Text(text))) => text.as_bytes().to_vec(),
            Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return ControlFlow::Continue(()),
            Some(Ok(Message::Close(frame))) => {
                return ControlFlow::Break(End::Client(frame.map_or(1005, |frame| frame.code)));
            }
            Some(Err(_)) | None => return ControlFlow::Break(End::Lost),
        };
        if text.len() > MAX_PAYLOAD {
            return ControlFlow::Break(End::Close(Close::DECODE_ERROR));
        }
        let now = Instant::now();
        while self
            .sends
            .front()
            .is_some_and(|sent| now.duration_since(*sent) > SEND_WINDOW)
        {
            self.sends.pop_front();
        }
        self.sends.push_back(now);
        if self.sends.len() > SENDS {
            return ControlFlow::Break(End::Close(Close::RATE_LIMITED));
        }
        let Ok(Value::Object(mut payload)) = serde_json::from_slice::<Value>(&text) else {
            return ControlFlow::Break(End::Close(Close::DECODE_ERROR));
        };
        let Some(op) = payload.get("op").and_then(Value::as_u64) else {
            return ControlFlow::Break(End::Close(Close::DECODE_ERROR));
        };
        let data = payload.remove("d").unwrap_or_default();
        match op {
            opcode::HEARTBEAT => self.acknowledge(&data).await,
            opcode::IDENTIFY | opcode::RESUME if self.has_session() => {
                ControlFlow::Break(End::Close(Close::ALREADY_AUTHENTICATED))
            }
            opcode::IDENTIFY => match Identify::of(&data) {
                Some(identify) => self.identify_soon(identify),
                None => ControlFlow::Break(End::Close(Close::DECODE_ERROR)),
            },
            opcode::RESUME => match Resume::of(&data) {
                Some(resume) => {
                    let answer = self.resume(&resume);
                    self.answer(answer)
                }
                None => ControlFlow::Break(End::Close(Close::DECODE_ERROR)),
            },
            _ if !command::is_known(op) => ControlFlow::Break(End::Close(Close::UNKNOWN_OPCODE)),
            _ if !self.has_session() => ControlFlow::Break(End::Close(Close::NOT_AUTHENTICATED)),
            _ => {
                let done = command::carry_out(&self.simulation, self.id, op, &data);
                done.map_or_else(
                    |close| ControlFlow::Break(End::Close(close)),
                    ControlFlow::Continue,
                )
            }
        }
    }

    /// Whether this connection carries a session, or soon will. After op 9 it doesn't, and may identify anew.
    fn has_session(&self) -> bool {
        self.waiting.is_some()
            || self
                .simulation
                .lock()
                .sessions
                .of_connection(self.id)
                .is_some()
    }

    async fn acknowledge(&mut self, data: &Value) -> Step {
        self.heartbeat = Instant::now();
        if let Some(seq) = data.as_u64()
            && let Some(session) = self.simulation.lock().sessions.of_connection(self.id)
        {
            session.acknowledge(seq);
        }
        if self.heartbeat < self.acks_from {
            return ControlFlow::Continue(());
        }
        let ack = opcode::frame(opcode::HEARTBEAT_ACK, &Value::Null);
        self.write([ack.into()]).await
    }

    /// IDENTIFY now, or later if a fault says so.
    fn identify_soon(&mut self, identify: Identify) -> Step {
        let late = self
            .simulation
            .lock()
            .faults
            .take(Lasting::LateReady, Some(identify.shard.0));
        if let Some(millis) = late {
            self.waiting = Some((Instant::now() + Duration::from_millis(millis), identify));
            return ControlFlow::Continue(());
        }
        self.identify(&identify)
    }

    pub(super) fn identify(&mut self, identify: &Identify) -> Step {
        if identify.compress {
            self.encoder.compress_payloads();
        }
        let answer = self.start_session(identify);
        self.answer(answer)
    }

    /// What becomes of an IDENTIFY or RESUME.
    fn answer(&mut self, answer: Result<(), Rejection>) -> Step {
        match answer {
            Ok(()) => ControlFlow::Continue(()),
            Err(Rejection::Close(close)) => ControlFlow::Break(End::Close(close)),
            Err(Rejection::Drop) => ControlFlow::Break(End::Lost),
            Err(Rejection::InvalidSession) => {
                info!(
                    connection = self.id,
                    "an IDENTIFY or RESUME was answered with op 9"
                );
                let invalid = opcode::frame(opcode::INVALID_SESSION, &json!(false));
                if self.link.out.try_send(Out::Frame(invalid.into())).is_err() {
                    return ControlFlow::Break(End::Lost);
                }
                ControlFlow::Continue(())
            }
        }
    }
}
