use std::fmt::Write as _;

use bytes::Bytes;
use contracts::{ChannelId, Event, EventId, MessageId};

use super::Mask;

/// One event as it goes to browsers: encoded once, shared by all of them.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Arrival number on this replica; rises over all guilds.
    pub(crate) order: u64,
    /// The id of the entry that it comes from. Several frames may come from one entry.
    pub(crate) id: EventId,
    /// Unix ms when the gateway received the dispatch.
    pub(crate) ts: u64,
    /// Which event, as a set of one; empty for a frame that nobody may see any more.
    pub(crate) mask: Mask,
    /// Whose viewers may see it; `None` = the whole guild.
    pub(crate) channel: Option<ChannelId>,
    /// The message whose text it holds.
    pub(crate) message: Option<MessageId>,
    /// The encoded block.
    pub(crate) block: Block,
}

/// An encoded SSE block. The `id:` line comes first, so that it can be left out by slicing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Block {
    bytes: Bytes,
    /// Length of the `id:` line; 0 if there is none.
    id_line: usize,
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
        }
    }

    /// Encodes an event of ours; `None` if it can't be written as JSON.
    pub(crate) fn of_event(event: &Event, id: Option<EventId>) -> Option<Self> {
        let json = serde_json::to_string(event).ok()?;
        Some(Self::encode(event.kind().name(), id, &json))
    }

    /// A block that only moves the browser's cursor.
    pub(crate) fn id_only(id: EventId) -> Bytes {
        format!("id: {id}\n\n").into()
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

    /// Length in bytes.
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
