use std::{sync::Arc, time::Duration};

use contracts::{GuildId, UserId};

use super::{
    super::{Alarm, Away, Cursor, Hub, Mask, Taken, Transport, Viewer, Wish},
    world::{SOMEBODY, World, standings},
};

use crate::membership::Standing;

/// One event as a browser dispatches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dispatched {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) data: String,
}

impl Dispatched {
    pub(super) fn user(&self) -> u64 {
        let json: serde_json::Value = serde_json::from_str(&self.data).unwrap();
        json["userId"].as_str().unwrap().parse().unwrap()
    }
}

/// A reader of `text/event-stream`, written from the rules of the WHATWG, not from our encoder: lines end with CR, LF or both;
/// a blank line dispatches; an event without data is not dispatched, but its id counts.
#[derive(Debug, Default)]
pub(super) struct EventSource {
    buffer: Vec<u8>,
    id_buffer: String,
    pub(super) last_event_id: String,
    event: String,
    data: String,
}

impl EventSource {
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Dispatched> {
        self.buffer.extend_from_slice(bytes);
        let mut out = Vec::new();
        while let Some(end) = self
            .buffer
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
        {
            if self.buffer[end] == b'\r' && end + 1 == self.buffer.len() {
                break; // Whether an LF belongs to it is not known yet.
            }
            let width = if self.buffer[end..].starts_with(b"\r\n") {
                2
            } else {
                1
            };
            let line: Vec<u8> = self.buffer.drain(..end + width).take(end).collect();
            let line = String::from_utf8(line).expect("the stream is UTF-8");
            if line.is_empty() {
                self.last_event_id.clone_from(&self.id_buffer);
                let (name, mut data) = (
                    std::mem::take(&mut self.event),
                    std::mem::take(&mut self.data),
                );
                if data.pop().is_some() {
                    let name = if name.is_empty() {
                        "message".to_owned()
                    } else {
                        name
                    };
                    out.push(Dispatched {
                        name,
                        id: self.last_event_id.clone(),
                        data,
                    });
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.event),
                "data" => {
                    self.data.push_str(value);
                    self.data.push('\n');
                }
                "id" if !value.contains('\0') => value.clone_into(&mut self.id_buffer),
                _ => {}
            }
        }
        out
    }
}

/// A browser's tab with an open stream.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) viewer: Viewer,
    pub(super) alarm: Arc<Alarm>,
    source: EventSource,
    pub(super) received: Vec<Dispatched>,
    pub(super) cursor: String,
}

impl Tab {
    pub(super) async fn open(
        world: &World,
        hub: usize,
        guilds: &[GuildId],
        mask: Mask,
        snapshot: bool,
    ) -> Result<Self, Away> {
        let wish = Wish {
            user: SOMEBODY,
            guilds: standings(guilds),
            mask,
            cursor: Cursor::Now,
            snapshot,
            transport: Transport::Sse,
        };
        Self::begin(&world.hubs[hub], wish, String::new()).await
    }

    pub(super) async fn resume(
        world: &World,
        hub: usize,
        guilds: &[GuildId],
        mask: Mask,
        cursor: &str,
    ) -> Result<Self, Away> {
        let wish = Wish {
            user: SOMEBODY,
            guilds: standings(guilds),
            mask,
            cursor: Cursor::parse(cursor),
            snapshot: false,
            transport: Transport::Sse,
        };
        Self::begin(&world.hubs[hub], wish, cursor.to_owned()).await
    }

    /// Opens a stream of a user with all events, from a cursor if there is one.
    pub(super) async fn open_as(
        world: &World,
        hub: usize,
        user: UserId,
        guilds: Vec<Standing>,
        cursor: &str,
    ) -> Result<Self, Away> {
        let wish = Wish {
            user,
            guilds,
            mask: super::all(),
            cursor: Cursor::parse(cursor),
            snapshot: false,
            transport: Transport::Sse,
        };
        Self::begin(&world.hubs[hub], wish, cursor.to_owned()).await
    }

    pub(super) async fn begin(hub: &Hub, wish: Wish, cursor: String) -> Result<Self, Away> {
        let alarm = Arc::new(Alarm::default());
        let (viewer, first) = hub.join(wish, Arc::clone(&alarm)).await?;
        let source = EventSource {
            id_buffer: cursor.clone(),
            last_event_id: cursor.clone(),
            ..EventSource::default()
        };
        let mut tab = Self {
            viewer,
            alarm,
            source,
            received: Vec::new(),
            cursor,
        };
        if let Some(first) = first {
            tab.accept(&first.bytes);
        }
        Ok(tab)
    }

    pub(super) fn accept(&mut self, bytes: &[u8]) {
        self.received.extend(self.source.feed(bytes));
        self.cursor.clone_from(&self.source.last_event_id);
    }

    /// Takes one chunk if something waits; what arrives of it is up to `keep`.
    pub(super) async fn turn(&mut self, keep: impl FnOnce(&[u8]) -> usize) -> bool {
        let chunk = match self.viewer.take() {
            Taken::Chunk(chunk) => Some(chunk),
            Taken::Nothing => return false,
            Taken::Behind => self.viewer.step().await.unwrap(),
        };
        if let Some(chunk) = chunk {
            let kept = keep(&chunk.bytes);
            self.accept(&chunk.bytes[..kept]);
        }
        true
    }

    /// Reads until so many events are there, and whatever waits besides.
    pub(super) async fn read_until(&mut self, world: &World, count: usize) {
        world.settled().await;
        self.wait_for(count).await;
    }

    /// Reads until so many events are there.
    pub(super) async fn wait_for(&mut self, count: usize) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            while self.turn(<[u8]>::len).await {}
            if self.received.len() >= count {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{} of {count} came: {:?}",
                self.received.len(),
                self.names()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(super) fn idle(&mut self) {
        if let Taken::Chunk(chunk) = self.viewer.idle() {
            self.accept(&chunk.bytes);
        }
    }

    pub(super) async fn regroup(&mut self, world: &World, guilds: &[GuildId]) {
        world.hubs[0].open(guilds).await.unwrap();
        if let Some(chunk) = self.viewer.regroup(&standings(guilds)) {
            self.accept(&chunk.bytes);
        }
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.received
            .iter()
            .map(|event| event.name.as_str())
            .collect()
    }
}
