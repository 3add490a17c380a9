use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::DecodeError;

/// The shortest heartbeat interval that is taken seriously.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// The longest one; Discord's is below a minute.
const MAX_INTERVAL: Duration = Duration::from_mins(10);

/// What Discord sent (Gateway Events, "Payload Structure"). `d` of a dispatch is not parsed yet.
#[derive(Debug, PartialEq)]
pub(crate) enum Received<'a> {
    /// op 0.
    Dispatch {
        /// Absent only where Discord breaks its own rule.
        seq: Option<u64>,
        /// Name of the event.
        name: String,
        /// Its payload.
        d: &'a str,
    },
    /// op 1: send a heartbeat at once.
    HeartbeatAsked,
    /// op 7.
    ReconnectAsked,
    /// op 9.
    InvalidSession {
        /// May be resumed.
        resumable: bool,
    },
    /// op 10.
    Hello {
        /// Between heartbeats.
        interval: Duration,
    },
    /// op 11.
    HeartbeatAck,
    /// An opcode that is not known here, or none.
    Unknown,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(default)]
    op: Option<i64>,
    #[serde(default)]
    s: Option<u64>,
    #[serde(default)]
    t: Option<String>,
    #[serde(default, borrow)]
    d: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Hello {
    heartbeat_interval: u64,
}

/// Reads one message of the Gateway, without its payload.
pub(crate) fn read(message: &[u8]) -> Result<Received<'_>, DecodeError> {
    let frame: Frame<'_> =
        serde_json::from_slice(message).map_err(|error| DecodeError::from(&error))?;
    let d = frame.d.map_or("null", RawValue::get);
    Ok(match (frame.op, frame.t) {
        (Some(0), Some(name)) => Received::Dispatch {
            seq: frame.s,
            name,
            d,
        },
        (Some(1), _) => Received::HeartbeatAsked,
        (Some(7), _) => Received::ReconnectAsked,
        (Some(9), _) => Received::InvalidSession {
            resumable: d.trim() == "true",
        },
        (Some(10), _) => {
            let hello: Hello =
                serde_json::from_str(d).map_err(|error| DecodeError::from(&error))?;
            let interval = Duration::from_millis(hello.heartbeat_interval);
            Received::Hello {
                interval: interval.clamp(MIN_INTERVAL, MAX_INTERVAL),
            }
        }
        (Some(11), _) => Received::HeartbeatAck,
        _ => Received::Unknown,
    })
}

#[cfg(test)]
mod tests;
