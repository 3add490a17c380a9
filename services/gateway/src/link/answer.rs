//! What comes in, what goes out: messages of LINK as text.

use std::time::{SystemTime, UNIX_EPOCH};

use contracts::link::{Ack, Body, Call, Command, LinkError, Message};
use link::{CallError, MAX_ANSWER};
use serde_json::value::RawValue;

/// Longest request id that is taken, in bytes: it is sent back as it is.
const LONGEST_ID: usize = 128;

/// What a client asks.
#[derive(Debug)]
pub(super) enum Asked {
    /// Something for a user.
    Command(String, Command),
    /// Something for web itself.
    Call(String, Call),
}

/// Why something that came is no question. Such a client does not speak LINK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nonsense {
    Unreadable,
    /// A command that nobody could be answered about.
    WithoutId,
    /// Only commands come from web.
    NoCommand,
}

impl Nonsense {
    /// What it is told before the connection is closed.
    pub(super) fn error(self) -> LinkError {
        match self {
            Self::Unreadable => {
                LinkError::new(400, "invalid-message", "This is no message of LINK.")
            }
            Self::WithoutId => LinkError::new(
                400,
                "missing-request-id",
                format!("A command needs a requestId of 1 to {LONGEST_ID} bytes."),
            ),
            Self::NoCommand => {
                LinkError::new(400, "unexpected-message", "Only commands are taken here.")
            }
        }
    }
}

pub(super) fn read(text: &str) -> Result<Asked, Nonsense> {
    let message: Message = serde_json::from_str(text).map_err(|_| Nonsense::Unreadable)?;
    let id = message.request_id;
    let id = id.filter(|id| (1..=LONGEST_ID).contains(&id.len()));
    match (message.body, id) {
        (Body::Command(_) | Body::Call(_), None) => Err(Nonsense::WithoutId),
        (Body::Command(command), Some(id)) => Ok(Asked::Command(id, command)),
        (Body::Call(call), Some(id)) => Ok(Asked::Call(id, call)),
        (Body::Event(_) | Body::Ack(_) | Body::Error(_), _) => Err(Nonsense::NoCommand),
    }
}

/// The one answer to a request.
pub(super) fn answer(id: String, outcome: Result<Box<RawValue>, LinkError>) -> String {
    let outcome = outcome.and_then(|result| {
        // The envelope around it is small.
        if result.get().len() <= MAX_ANSWER - 4096 {
            Ok(result)
        } else {
            let message = "The answer is too large.";
            Err(LinkError::new(502, "too-large", message))
        }
    });
    let body = match outcome {
        Ok(result) => Body::Ack(Ack { result }),
        Err(error) => Body::Error(error),
    };
    write(body, Some(id))
}

/// An event, of which nothing is asked.
pub(super) fn event(data: Box<RawValue>) -> String {
    write(Body::Event(data), None)
}

/// A complaint about something that was no request.
pub(super) fn complaint(nonsense: Nonsense) -> String {
    write(Body::Error(nonsense.error()), None)
}

/// What the error of an executor says to web.
pub(super) fn refusal(error: CallError) -> LinkError {
    match error {
        CallError::Refused(error) => error,
        CallError::Away(why) => LinkError::new(503, "gateway-away", why),
        CallError::Unknown => LinkError::new(
            502,
            "outcome-unknown",
            "It is not known whether this was done.",
        ),
    }
}

fn write(body: Body, request_id: Option<String>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let message = Message {
        body,
        request_id,
        ts: now.map_or(0, |now| now.as_millis() as u64),
    };
    serde_json::to_string(&message).expect("a message is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_with_an_id_are_taken() {
        let command = |id: &str| {
            format!(
                r#"{{"type":"command",{id}"ts":1,"data":{{"command":"createRoom","payload":{{}},"actor":"1","idempotencyKey":"k"}}}}"#
            )
        };
        assert!(matches!(
            read(&command(r#""requestId":"r","#)),
            Ok(Asked::Command(id, _)) if id == "r"
        ));
        let long = format!(r#""requestId":"{}","#, "x".repeat(LONGEST_ID + 1));
        for without in ["", r#""requestId":"","#, &long] {
            assert_eq!(read(&command(without)).unwrap_err(), Nonsense::WithoutId);
        }
        let ack = r#"{"type":"ack","requestId":"r","ts":1,"data":{"result":{}}}"#;
        assert_eq!(read(ack).unwrap_err(), Nonsense::NoCommand);
        for text in ["", "{}", "[1]", "createRoom"] {
            assert_eq!(read(text).unwrap_err(), Nonsense::Unreadable);
        }
    }

    #[test]
    fn an_answer_that_nobody_could_read_becomes_an_error() {
        let large = RawValue::from_string(format!("\"{}\"", "x".repeat(MAX_ANSWER))).unwrap();
        let text = answer("r".into(), Ok(large));
        assert!(text.len() < 1024 && text.contains("too-large"), "{text}");
    }
}
