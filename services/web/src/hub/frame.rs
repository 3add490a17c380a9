use std::{
    fmt::Write as _,
    sync::{Arc, OnceLock},
    time::Instant,
};

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use contracts::{Event, EventId, MessageId};

use super::{Progress, audience::Reach, fan_out::FanOut, join::now_ms, message};

/// One event as it goes to browsers: encoded once, shared by all of them.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The id of the entry that it comes from. Several frames may come from one entry.
    pub(crate) id: EventId,
    /// Unix ms when the gateway received the dispatch.
    pub(crate) ts: u64,
    /// When it was appended here.
    pub(crate) appended: Instant,
    /// Which event, where, and whom it is for.
    pub(crate) reach: Reach,
    /// The message whose text it holds.
    pub(crate) message: Option<MessageId>,
    /// The encoded block.
    pub(crate) block: Block,
}

/// An encoded SSE block. The `id:` line comes first, so that it can be left out by slicing. What goes over a WebSocket is
/// encoded when it is first wanted; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Block {
    bytes: Bytes,
    /// Length of the `id:` line; 0 if there is none.
    id_line: usize,
    /// Unix ms of what it tells.
    ts: u64,
    messages: Arc<Messages>,
    /// Who is told when it is written.
    fan_out: Option<Arc<FanOut>>,
}

/// A block as WebSocket messages.
#[derive(Debug, Default)]
struct Messages {
    with_id: OnceLock<Utf8Bytes>,
    without_id: OnceLock<Utf8Bytes>,
}

impl Block {
    /// Encodes an event. JSON has line ends only as blanks between its tokens; each begins another `data:` line,
    /// as the format demands.
    pub(crate) fn encode(name: &str, id: Option<EventId>, json: &str) -> Self {
        let mut text = String::with_capacity(json.len() + name.len() + 64);
        if let Some(id) = id {
            let _ = writeln!(text, "id: {id}");
        }
        let id_line = text.len();
        let _ = writeln!(text, "event: {name}");
        for line in json.split(['\n', '\r']) {
            let _ = writeln!(text, "data: {line}");
        }
        text.push('\n');
        Self {
            bytes: text.into(),
            id_line,
            ts: id.map_or_else(now_ms, |id| id.ms),
            messages: Arc::default(),
            fan_out: None,
        }
    }

    /// Says when it happened, where its id or this moment do not.
    pub(crate) fn at(mut self, ts: u64) -> Self {
        self.ts = ts;
        self
    }

    /// Has somebody told when it is written.
    pub(crate) fn traced(mut self, fan_out: Option<Arc<FanOut>>) -> Self {
        self.fan_out = fan_out;
        self
    }

    /// Who is told when it is written; only of what is traced somebody is.
    pub(crate) fn fan_out(&self) -> Option<&Arc<FanOut>> {
        self.fan_out.as_ref()
    }

    /// Encodes an event of ours; `None` if it can't be written as JSON.
    pub(crate) fn of_event(event: &Event, id: Option<EventId>) -> Option<Self> {
        let json = serde_json::to_string(event).ok()?;
        Some(Self::encode(event.kind().name(), id, &json))
    }

    /// The message for a WebSocket, with or without the id. Encoded once.
    pub(crate) fn message(&self, with_id: bool) -> Utf8Bytes {
        let (id, message) = if with_id && self.has_id() {
            let line = std::str::from_utf8(&self.bytes[..self.id_line]).unwrap_or_default();
            let id = line.strip_prefix("id: ").map(str::trim_end);
            (id, &self.messages.with_id)
        } else {
            (None, &self.messages.without_id)
        };
        message.get_or_init(|| self.encode_message(id)).clone()
    }

    /// The message for a WebSocket with something else than its own id.
    pub(crate) fn message_at(&self, id: Progress) -> Utf8Bytes {
        self.encode_message(Some(&id.to_string()))
    }

    fn encode_message(&self, id: Option<&str>) -> Utf8Bytes {
        let payload = self.payload().unwrap_or_default();
        message::event(self.name(), id, self.ts, &payload)
    }

    /// The event's name.
    fn name(&self) -> &str {
        let text = std::str::from_utf8(&self.bytes).unwrap_or_default();
        let mut lines = text.lines();
        lines
            .find_map(|line| line.strip_prefix("event: "))
            .unwrap_or_default()
    }

    /// Whether it moves the browser's cursor.
    pub(crate) fn has_id(&self) -> bool {
        self.id_line > 0
    }

    /// The bytes, with or without the `id:` line. Nothing is copied.
    pub(crate) fn bytes(&self, with_id: bool) -> Bytes {
        if with_id {
            self.bytes.clone()
        } else {
            self.bytes.slice(self.id_line..)
        }
    }

    /// Length in bytes, as an SSE block.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The payload of an encoded event.
    pub(crate) fn payload(&self) -> Option<String> {
        let text = std::str::from_utf8(&self.bytes).ok()?;
        let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
        Some(lines.collect::<Vec<_>>().join("\n"))
    }
}
