use std::{sync::Arc, time::Instant};

use axum::extract::ws::Utf8Bytes;
use bytes::{Bytes, BytesMut};

use super::{Progress, fan_out::FanOut, frame::Block, message};

/// How a stream reaches its browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Server-sent events.
    Sse,
    /// A WebSocket.
    WebSocket,
}

impl Transport {
    /// The name, as metrics have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sse => "sse",
            Self::WebSocket => "websocket",
        }
    }
}

/// What is written to a stream at once.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// The encoded blocks, for server-sent events.
    pub(crate) bytes: Bytes,
    /// The messages, for a WebSocket.
    pub(crate) messages: Vec<Utf8Bytes>,
    /// Length in bytes of its blocks, whatever they are written as: the measure in which rings and alarms count.
    pub(crate) len: usize,
    /// How many events they hold.
    pub(crate) events: u64,
    /// Unix ms when the gateway received the latest of them; 0 if none came live from it.
    pub(crate) newest_ts: u64,
    /// When the oldest of them was appended here; `None` if they come from the log.
    pub(crate) since: Option<Instant>,
    /// Who is told when it is written; mostly nobody.
    pub(crate) traced: Vec<Arc<FanOut>>,
}

impl Chunk {
    /// The names of its events, read from what is written: for logs that tell each of them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let text = std::str::from_utf8(&self.bytes).unwrap_or_default();
        let blocks = text.lines().filter_map(|line| line.strip_prefix("event: "));
        let messages = self.messages.iter().filter_map(|message| {
            let rest = message.split_once(r#""event":""#)?.1;
            rest.split('"').next()
        });
        blocks.chain(messages)
    }
}

/// Blocks on their way into a chunk. For server-sent events one alone is passed on as it is, several are joined; over a
/// WebSocket each is a message.
#[derive(Debug)]
pub(crate) struct Pieces {
    transport: Transport,
    blocks: Vec<Bytes>,
    messages: Vec<Utf8Bytes>,
    len: usize,
    pub(crate) events: u64,
    pub(crate) newest_ts: u64,
    pub(crate) since: Option<Instant>,
    traced: Vec<Arc<FanOut>>,
}

impl Pieces {
    pub(crate) fn new(transport: Transport) -> Self {
        Self {
            transport,
            blocks: Vec::new(),
            messages: Vec::new(),
            len: 0,
            events: 0,
            newest_ts: 0,
            since: None,
            traced: Vec::new(),
        }
    }

    /// Adds an event.
    pub(crate) fn event(&mut self, block: &Block, with_id: bool, ts: u64) {
        let bytes = block.bytes(with_id);
        self.count(block, bytes.len(), ts);
        match self.transport {
            Transport::Sse => self.blocks.push(bytes),
            Transport::WebSocket => self.messages.push(block.message(with_id)),
        }
    }

    /// Adds an event with something else than its own id.
    pub(crate) fn event_at(&mut self, block: &Block, id: Progress, ts: u64) {
        let line = format!("id: {id}\n");
        let bytes = block.bytes(false);
        self.count(block, line.len() + bytes.len(), ts);
        match self.transport {
            Transport::Sse => self.blocks.extend([line.into(), bytes]),
            Transport::WebSocket => self.messages.push(block.message_at(id)),
        }
    }

    fn count(&mut self, block: &Block, len: usize, ts: u64) {
        self.len += len;
        self.events += 1;
        self.newest_ts = self.newest_ts.max(ts);
        self.traced.extend(block.fan_out().cloned());
    }

    /// Moves the browser's cursor without an event.
    pub(crate) fn cursor(&mut self, id: Progress) {
        let block = format!("id: {id}\n\n");
        self.len += block.len();
        match self.transport {
            Transport::Sse => self.blocks.push(block.into()),
            Transport::WebSocket => self.messages.push(message::cursor(id)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The chunk; `None` if there is nothing in it.
    pub(crate) fn chunk(mut self) -> Option<Chunk> {
        let bytes = match self.blocks.len() {
            0 if self.messages.is_empty() => return None,
            0 => Bytes::new(),
            1 => self.blocks.swap_remove(0),
            _ => {
                let mut joined = BytesMut::with_capacity(self.len);
                for piece in &self.blocks {
                    joined.extend_from_slice(piece);
                }
                joined.freeze()
            }
        };
        Some(Chunk {
            bytes,
            messages: self.messages,
            len: self.len,
            events: self.events,
            newest_ts: self.newest_ts,
            since: self.since,
            traced: self.traced,
        })
    }
}

#[cfg(test)]
mod tests {
    use contracts::EventId;

    use super::*;

    #[test]
    fn a_chunk_names_its_events_however_it_is_written() {
        let id = EventId { ms: 1, n: 2 };
        for transport in [Transport::Sse, Transport::WebSocket] {
            let mut pieces = Pieces::new(transport);
            let tricky = r#"{"content":"event: x\nevent: y \"event\":\"z\""}"#;
            pieces.event(&Block::encode("message.created", Some(id), tricky), true, 1);
            pieces.event(&Block::encode("tick", None, "{}"), false, 1);
            pieces.cursor(id.into());
            let chunk = pieces.chunk().unwrap();
            let names: Vec<_> = chunk.names().collect();
            assert_eq!(names, ["message.created", "tick"], "{transport:?}");
        }
    }
}
