use contracts::{Event, EventId, EventKind, MessageId};
use event_bus::{Body, Entry};
use serde::Deserialize;
use tracing::debug;

use super::{
    Mask,
    admit::Woken,
    frame::{Block, Frame},
    line::Followed,
    picture::Shift,
};

/// The message that an event is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    message_id: MessageId,
}

impl Followed {
    /// Moves the guild on by its next entry: the picture first, then what browsers may see of it goes into the ring.
    pub(crate) fn apply(&mut self, entry: Entry, order: &mut u64, limit: usize, woken: &mut Woken) {
        if entry.logged() {
            self.chain.step(&entry);
        } else {
            self.chain.pass(&entry);
        }
        match entry.body {
            Body::Event(envelope) => {
                let kind = envelope.event;
                let message = about(kind, envelope.payload.get());
                if let (EventKind::MessageDeleted, Some(message)) = (kind, message) {
                    self.feed.ring.write().redact(message);
                }
                if !self.picture.absorb(&envelope, entry.position) {
                    return;
                }
                if let (EventKind::RoomDeleted, Some(room)) = (kind, envelope.channel_id) {
                    self.remember(entry.id, room);
                }
                debug!(component = "WS", event = %kind, guild_id = %envelope.guild_id, id = %entry.id,
                    trace = envelope.trace.as_deref(), "Broadcasting {kind} to guild {}", envelope.guild_id);
                *order += 1;
                // A live-only event shares its id with an entry of which nothing may be known to the cursor.
                let id = (!kind.live_only()).then_some(entry.id);
                let frame = Frame {
                    order: *order,
                    id: entry.id,
                    ts: envelope.ts,
                    mask: Mask::of(kind),
                    channel: envelope.channel_id,
                    message: message.filter(|_| holds_text(kind)),
                    block: Block::encode(kind.name(), id, envelope.payload.get()).at(envelope.ts),
                };
                self.append(frame, limit, woken);
            }
            Body::Audience(change) => {
                let shift = self.picture.change(change, entry.position);
                self.announce(shift, entry.id, order, limit, woken);
            }
            // The follow loop reads the guild anew; see `reload`.
            Body::Reseed => {}
        }
    }

    fn append(&self, frame: Frame, limit: usize, woken: &mut Woken) {
        woken.add(&self.feed, frame.mask, frame.block.len());
        self.feed.ring.write().push(frame, limit);
    }

    /// Appends what a change of the audience tells; the last frame alone carries the id.
    fn announce(
        &mut self,
        shift: Shift,
        id: EventId,
        order: &mut u64,
        limit: usize,
        woken: &mut Woken,
    ) {
        for event in &shift.events {
            match event {
                Event::RoomCreated(room) => self.remember(id, room.channel_id),
                Event::RoomDeleted(room) => self.remember(id, room.channel_id),
                _ => {}
            }
        }
        for (channel, events) in shift.hidden {
            self.feed.ring.write().hide(channel, events);
        }
        let count = shift.events.len();
        for (index, event) in shift.events.iter().enumerate() {
            let last = index + 1 == count;
            let Some(block) = Block::of_event(event, last.then_some(id)) else {
                continue;
            };
            *order += 1;
            self.append(synthetic(event, id, *order, block), limit, woken);
        }
    }
}

fn synthetic(event: &Event, id: EventId, order: u64, block: Block) -> Frame {
    Frame {
        order,
        id,
        ts: 0,
        mask: Mask::of(event.kind()),
        channel: event.audience(),
        message: None,
        block,
    }
}

fn about(kind: EventKind, payload: &str) -> Option<MessageId> {
    let concerned = holds_text(kind) || kind == EventKind::MessageDeleted;
    let about = concerned.then(|| serde_json::from_str::<About>(payload).ok())?;
    about.map(|about| about.message_id)
}

fn holds_text(kind: EventKind) -> bool {
    matches!(kind, EventKind::MessageCreated | EventKind::MessageUpdated)
}
