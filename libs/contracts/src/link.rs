//! LINK: the WebSocket between gateway and web.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

use crate::{UserId, problem::FieldProblem};

/// One message on LINK.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// What it is.
    #[serde(flatten)]
    pub body: Body,
    /// Joins a command with its one answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Unix ms when it was sent.
    pub ts: u64,
}

/// What a LINK message says.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
pub enum Body {
    /// An event, gateway → web: the whole [`crate::Envelope`] with its place in the guild's log beside it; or what else the
    /// live channel of the event bus tells.
    Event(Box<RawValue>),
    /// A wish of a user, web → gateway.
    Command(Command),
    /// A question of web itself, in nobody's name.
    #[serde(rename = "command")]
    Call(Call),
    /// It was done.
    Ack(Ack),
    /// It was not done.
    Error(LinkError),
}

/// A command for the gateway that owns the guild's shard.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Name of the function, as in `POST /api/rpc/{name}`; see [`crate::command::Act`].
    pub command: String,
    /// Its input; `guildId` in it says whose gateway has to do it.
    pub payload: Box<RawValue>,
    /// For whom it is done.
    pub actor: UserId,
    /// Commands with the same key are executed at most once.
    pub idempotency_key: String,
    /// W3C traceparent, if the trace is kept. An end that knows nothing of it passes it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// What web asks for itself: a part of the event bus, or of the limits. A command without an actor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// What is asked.
    pub command: String,
    /// Its input.
    pub payload: Box<RawValue>,
}

/// Answer to a command that was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ack {
    /// Its output.
    pub result: Box<RawValue>,
}

/// Answer to a command that was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkError {
    /// A stable code in kebab case, as in problem documents.
    pub code: String,
    /// For people; never a secret.
    pub message: String,
    /// The HTTP status that tells a browser of it.
    #[serde(default = "LinkError::unnamed")]
    pub status: u16,
    /// Milliseconds after which it may be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The fields that are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

impl LinkError {
    /// The guild's shard is not held by the instance that was asked: another one may do it, nothing was done.
    pub const ELSEWHERE: &str = "elsewhere";
    /// More is asked than the gateway takes at once; nothing was done.
    pub const OVERLOADED: &str = "overloaded";

    /// What went wrong, with the HTTP status that tells a browser of it.
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status,
            retry_after_ms: None,
            errors: Vec::new(),
        }
    }

    fn unnamed() -> u16 {
        502
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for LinkError {}

/// Read by hand: serde's flattening can't carry a payload that is passed on unread.
impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Fields<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
            data: Box<RawValue>,
            #[serde(default)]
            request_id: Option<String>,
            ts: u64,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Named {
            actor: Option<de::IgnoredAny>,
            idempotency_key: Option<de::IgnoredAny>,
        }
        fn read<T: for<'a> Deserialize<'a>, E: de::Error>(data: &RawValue) -> Result<T, E> {
            serde_json::from_str(data.get()).map_err(E::custom)
        }
        let fields = Fields::deserialize(deserializer)?;
        let body = match fields.kind.as_ref() {
            "event" if fields.data.get().starts_with('{') => Body::Event(fields.data),
            "event" => return Err(de::Error::custom("an event's data is an object")),
            "command" => match read(&fields.data)? {
                Named {
                    actor: None,
                    idempotency_key: None,
                } => Body::Call(read(&fields.data)?),
                Named { .. } => Body::Command(read(&fields.data)?),
            },
            "ack" => Body::Ack(read(&fields.data)?),
            "error" => Body::Error(read(&fields.data)?),
            other => {
                return Err(de::Error::unknown_variant(
                    other,
                    &["event", "command", "ack", "error"],
                ));
            }
        };
        Ok(Self {
            body,
            request_id: fields.request_id,
            ts: fields.ts,
        })
    }
}
