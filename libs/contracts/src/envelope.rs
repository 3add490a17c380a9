//! The envelope of an event on the bus.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{ChannelId, Event, EventId, EventKind, GuildId};

/// Version of the envelope that this build writes.
pub const VERSION: u8 = 1;

/// One event on the bus: JSON, a public, versioned contract. The payload is passed on unread.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Version of this format.
    pub v: u8,
    /// Assigned when published; strictly increasing.
    pub id: EventId,
    /// The event's name.
    pub event: EventKind,
    /// The guild in which it happened.
    pub guild_id: GuildId,
    /// Audience: who may view this channel may receive the event; `None` = the whole guild.
    pub channel_id: Option<ChannelId>,
    /// Unix ms when the gateway received the dispatch.
    pub ts: u64,
    /// W3C traceparent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// What browsers receive.
    pub payload: Box<RawValue>,
}

/// An envelope that waits for its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unpublished {
    /// Version of this format.
    pub v: u8,
    /// The event's name.
    pub event: EventKind,
    /// The guild in which it happened.
    pub guild_id: GuildId,
    /// Audience, as in [`Envelope`].
    pub channel_id: Option<ChannelId>,
    /// Unix ms when the gateway received the dispatch.
    pub ts: u64,
    /// W3C traceparent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// What browsers receive.
    pub payload: Box<RawValue>,
}

impl Unpublished {
    /// The envelope of an event of a guild, received at `ts` (Unix ms).
    pub fn new(
        guild_id: GuildId,
        event: &Event,
        ts: u64,
        trace: Option<String>,
    ) -> serde_json::Result<Self> {
        Ok(Self {
            v: VERSION,
            event: event.kind(),
            guild_id,
            channel_id: event.audience(),
            ts,
            trace,
            payload: serde_json::value::to_raw_value(event)?,
        })
    }

    /// The envelope with its id.
    pub fn publish(self, id: EventId) -> Envelope {
        let Self {
            v,
            event,
            guild_id,
            channel_id,
            ts,
            trace,
            payload,
        } = self;
        Envelope {
            v,
            id,
            event,
            guild_id,
            channel_id,
            ts,
            trace,
            payload,
        }
    }
}
