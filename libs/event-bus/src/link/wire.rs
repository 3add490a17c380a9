//! What goes over LINK: names and inputs of calls, entries as they stand in `data` of an event.

use contracts::{ChannelId, Envelope, EventId, EventKind, GuildId, Signal, state::AudienceChange};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Body, BusError, Delivery, Entry, LogPage, Position};

pub(super) const SUBSCRIBE: &str = "bus.subscribe";
pub(super) const WATCH: &str = "bus.watch";
pub(super) const UNWATCH: &str = "bus.unwatch";
pub(super) const TICK: &str = "bus.tick";
pub(super) const READ: &str = "bus.read";
pub(super) const SNAPSHOT: &str = "bus.snapshot";
pub(super) const GUILDS: &str = "bus.guilds";
pub(super) const ALL_GUILDS: &str = "bus.allGuilds";
pub(super) const CLOCK: &str = "bus.clock";
pub(super) const SIGNAL: &str = "bus.signal";
pub(super) const PING: &str = "bus.ping";

/// No input, or no output.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Nothing {}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Guilds {
    pub(super) guild_ids: Vec<GuildId>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Read {
    pub(super) guild_id: GuildId,
    pub(super) after: EventId,
    pub(super) upto: EventId,
    pub(super) limit: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) entries: Vec<Box<RawValue>>,
    pub(super) floor: Option<EventId>,
    pub(super) more: bool,
}

impl Page {
    pub(super) fn read(self) -> Result<LogPage, BusError> {
        let entries = self.entries.iter().map(|entry| match read(entry)? {
            Delivery::Entry(entry) => Ok(*entry),
            other => Err(BusError::Corrupt(format!("{other:?} in a log"))),
        });
        Ok(LogPage {
            entries: entries.collect::<Result<_, _>>()?,
            floor: self.floor,
            more: self.more,
        })
    }
}

/// An event as it is sent: the whole envelope, and its place in the guild's log.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventLine<'a> {
    #[serde(flatten)]
    envelope: &'a Envelope,
    previous: EventId,
    position: Position,
    /// Of its place in the log; differs from the envelope's only where that is no place of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<EventId>,
}

/// Another entry of the log as it is sent, for the replica alone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtherLine<'a> {
    id: EventId,
    guild_id: GuildId,
    previous: EventId,
    position: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a AudienceChange>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reseed: bool,
}

/// What is no entry.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Word<'a> {
    Tick(EventId),
    Signal(&'a Signal),
    Interrupted(bool),
}

/// Any of them as it is read; fields that are not known are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    id: Option<EventId>,
    guild_id: Option<GuildId>,
    previous: Option<EventId>,
    position: Option<Position>,
    at: Option<EventId>,
    v: Option<u8>,
    event: Option<EventKind>,
    channel_id: Option<ChannelId>,
    ts: Option<u64>,
    trace: Option<String>,
    payload: Option<Box<RawValue>>,
    audience: Option<AudienceChange>,
    #[serde(default)]
    reseed: bool,
    tick: Option<EventId>,
    signal: Option<Signal>,
    #[serde(default)]
    interrupted: bool,
}

/// A delivery as `data` of an event.
pub(super) fn write(delivery: &Delivery) -> serde_json::Result<Box<RawValue>> {
    use serde_json::value::to_raw_value;
    match delivery {
        Delivery::Entry(entry) => write_entry(entry),
        Delivery::Tick(id) => to_raw_value(&Word::Tick(*id)),
        Delivery::Signal(signal) => to_raw_value(&Word::Signal(signal)),
        Delivery::Interrupted => to_raw_value(&Word::Interrupted(true)),
    }
}

pub(super) fn write_entry(entry: &Entry) -> serde_json::Result<Box<RawValue>> {
    let (previous, position) = (entry.previous, entry.position);
    let other = |audience, reseed| OtherLine {
        id: entry.id,
        guild_id: entry.guild,
        previous,
        position,
        audience,
        reseed,
    };
    match &entry.body {
        Body::Event(envelope) => serde_json::value::to_raw_value(&EventLine {
            envelope,
            previous,
            position,
            at: (envelope.id != entry.id).then_some(entry.id),
        }),
        Body::Audience(change) => serde_json::value::to_raw_value(&other(Some(change), false)),
        Body::Reseed => serde_json::value::to_raw_value(&other(None, true)),
    }
}

/// Reads `data` of an event.
pub(super) fn read(data: &RawValue) -> Result<Delivery, BusError> {
    let line: Line = serde_json::from_str(data.get())
        .map_err(|error| BusError::Corrupt(format!("an entry over LINK: {error}")))?;
    if line.interrupted {
        return Ok(Delivery::Interrupted);
    }
    if let Some(id) = line.tick {
        return Ok(Delivery::Tick(id));
    }
    line.read()
        .ok_or_else(|| BusError::Corrupt("an entry over LINK lacks a field".into()))
}

impl Line {
    /// `None` = something is missing.
    fn read(self) -> Option<Delivery> {
        if let Some(signal) = self.signal {
            return Some(Delivery::Signal(signal));
        }
        let (id, guild) = (self.id?, self.guild_id?);
        let body = if self.reseed {
            Body::Reseed
        } else if let Some(change) = self.audience {
            Body::Audience(change)
        } else {
            Body::Event(Envelope {
                v: self.v?,
                id,
                event: self.event?,
                guild_id: guild,
                channel_id: self.channel_id,
                ts: self.ts?,
                trace: self.trace,
                payload: self.payload?,
            })
        };
        Some(Delivery::Entry(Box::new(Entry {
            guild,
            id: self.at.unwrap_or(id),
            previous: self.previous?,
            position: self.position?,
            body,
        })))
    }
}

#[cfg(test)]
mod tests {
    use contracts::{ChannelId, UserId};
    use serde_json::{Value, json};

    use super::*;

    fn entry(body: Body) -> Delivery {
        Delivery::Entry(Box::new(Entry {
            guild: GuildId::new(1),
            id: EventId::new(7, 1),
            previous: EventId::new(6, 0),
            position: Position {
                generation: 1,
                seq: 2,
                part: 3,
            },
            body,
        }))
    }

    fn envelope() -> Envelope {
        Envelope {
            v: 1,
            id: EventId::new(7, 1),
            event: EventKind::MemberLeft,
            guild_id: GuildId::new(1),
            channel_id: Some(ChannelId::new(4)),
            ts: 5,
            trace: Some("00-1-2-01".into()),
            payload: RawValue::from_string("{\"guildId\":\"1\", \"ü\" : 1.0}".into()).unwrap(),
        }
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let user_id = UserId::new(9);
        for delivery in [
            entry(Body::Event(envelope())),
            entry(Body::Audience(AudienceChange::MemberGone(user_id))),
            entry(Body::Audience(AudienceChange::GuildGone)),
            entry(Body::Reseed),
            Delivery::Tick(EventId::new(8, 0)),
            Delivery::Signal(Signal::UserSignedOut { user_id }),
            Delivery::Interrupted,
        ] {
            let read = read(&write(&delivery).unwrap()).unwrap();
            assert_eq!(format!("{read:?}"), format!("{delivery:?}"));
        }
    }

    #[test]
    fn an_events_data_is_its_whole_envelope() {
        let data = write(&entry(Body::Event(envelope()))).unwrap();
        let data: Value = serde_json::from_str(data.get()).unwrap();
        let Value::Object(whole) = serde_json::to_value(envelope()).unwrap() else {
            panic!("an object");
        };
        for (name, value) in whole {
            assert_eq!(data[&name], value, "{name}");
        }
    }

    #[test]
    fn what_is_unreadable_is_an_error() {
        for data in [
            json!({}),
            json!({"id": "7-1"}),
            json!({"id": "7-1", "guildId": "1", "previous": "0-0", "position": {"generation": 1, "seq": 1, "part": 0}}),
            json!({"tick": 5}),
        ] {
            let data = RawValue::from_string(data.to_string()).unwrap();
            assert!(matches!(read(&data), Err(BusError::Corrupt(_))), "{data}");
        }
    }
}
