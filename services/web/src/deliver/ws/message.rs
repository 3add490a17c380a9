use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message};
use contracts::{
    StreamMessage,
    event::{Unavailable, UnavailableReason},
};

use crate::{deliver::retry_ms, hub::now_ms};

/// Version of the protocol.
pub(super) const VERSION: u32 = 1;

/// Why a connection is closed: numbers that `WebSocket` pages see (RFC 6455, section 7.4; from 4000 on ours).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// The stream goes on elsewhere: this replica stops, or the stream is old.
    GoingAway = 1001,
    /// What came can't be read, or is longer than anything that is awaited.
    Unreadable = 1002,
    /// Something other than text came.
    Unsupported = 1003,
    /// Too much waits for the reader, or it sends too much.
    Policy = 1008,
    /// Passing trouble; come back later.
    TryAgain = 1013,
    /// The first message is not what it has to be.
    Invalid = 4400,
    /// Not authenticated in time, a token that is not good, or the session is over.
    Unauthorized = 4401,
    /// Not all of these guilds are shared.
    Forbidden = 4403,
    /// Too many streams.
    TooMany = 4429,
}

/// How a connection is closed by us.
#[derive(Debug)]
pub(super) struct Parting {
    /// What is said before.
    pub(super) say: Option<Message>,
    pub(super) code: Code,
    pub(super) reason: &'static str,
}

impl Parting {
    pub(super) fn new(code: Code, reason: &'static str) -> Self {
        Self {
            say: None,
            code,
            reason,
        }
    }

    /// Says `unavailable` first, and to come back so much later than usual.
    pub(super) fn unavailable(reason: UnavailableReason, late: Duration) -> Self {
        let (code, why) = match reason {
            UnavailableReason::Draining => (Code::GoingAway, "this replica is stopping"),
            UnavailableReason::Overload => (Code::TooMany, "too many streams"),
            UnavailableReason::Bus => (Code::TryAgain, "try again in a moment"),
        };
        let said = StreamMessage::Event {
            v: VERSION,
            event: "unavailable".to_owned(),
            id: None,
            ts: now_ms(),
            payload: serde_json::to_value(Unavailable { reason }).unwrap_or_default(),
            retry_ms: Some(retry_ms(late)),
        };
        Self {
            say: Some(message(&said)),
            ..Self::new(code, why)
        }
    }

    /// The last frame.
    pub(super) fn close(&self) -> Message {
        Message::Close(Some(CloseFrame {
            code: self.code as u16,
            reason: self.reason.into(),
        }))
    }
}

/// A message of ours.
pub(super) fn message(said: &StreamMessage) -> Message {
    Message::Text(serde_json::to_string(said).unwrap_or_default().into())
}
