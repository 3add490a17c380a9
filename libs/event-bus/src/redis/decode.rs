//! What Redis holds and sends, as our types. Unreadable values are told by the name of their key, never by their content.

use contracts::{EventId, GuildId, Signal};
use fred::types::Value;
use serde::de::DeserializeOwned;

use crate::{Body, BusError, Cut, Entry, GuildCut, LogPage, Position, StoredGuild};

/// Version of the messages and entries that this build writes and reads.
pub(super) const VERSION: &[u8] = b"1";

fn corrupt(key: impl Into<String>) -> BusError {
    BusError::Corrupt(key.into())
}

fn text(value: &Value) -> Option<&str> {
    value
        .as_bytes()
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
}

fn array(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

fn json<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_slice(value.as_bytes()?).ok()
}

fn list<T: DeserializeOwned>(value: Value, key: &str, guild: GuildId) -> Result<Vec<T>, BusError> {
    let values: Option<Vec<T>> = array(value).and_then(|values| values.iter().map(json).collect());
    values.ok_or_else(|| corrupt(format!("{key}:{guild}")))
}

/// A live message of a guild: version, previous id, id, position and body, with a space between.
pub(super) fn live(guild: GuildId, message: &[u8]) -> Option<Entry> {
    let mut parts = message.splitn(5, |byte| *byte == b' ');
    if parts.next()? != VERSION {
        return None;
    }
    let mut next = || std::str::from_utf8(parts.next()?).ok();
    let (previous, id, position) = (next()?, next()?, next()?);
    Some(Entry {
        guild,
        previous: previous.parse().ok()?,
        id: id.parse().ok()?,
        position: position.parse().ok()?,
        body: body(parts.next()?)?,
    })
}

/// What a subscription hears on its own channel.
pub(super) enum OwnMessage {
    /// Its own probe came back.
    Probe(u64),
    /// Everything up to this id was sent before.
    Tick(EventId),
}

pub(super) fn own(message: &[u8]) -> Option<OwnMessage> {
    let (kind, value) = std::str::from_utf8(message).ok()?.split_once(' ')?;
    match kind {
        "probe" => value.parse().ok().map(OwnMessage::Probe),
        "tick" => value.parse().ok().map(OwnMessage::Tick),
        _ => None,
    }
}

/// A signal as it is sent to all: version and JSON, with a space between.
pub(super) fn signal_message(signal: &Signal) -> Vec<u8> {
    let json = serde_json::to_vec(signal).expect("a signal has string keys only");
    [VERSION, b" ", &json].concat()
}

/// What was sent to all; `None` = of a kind that this build does not know.
pub(super) fn signal(message: &[u8]) -> Option<Signal> {
    let json = message.strip_prefix(VERSION)?.strip_prefix(b" ")?;
    serde_json::from_slice(json).ok()
}

fn body(bytes: &[u8]) -> Option<Body> {
    let (kind, json) = bytes.split_first()?;
    match kind {
        b'e' => Some(Body::Event(serde_json::from_slice(json).ok()?)),
        b'a' => Some(Body::Audience(serde_json::from_slice(json).ok()?)),
        b'r' if json.is_empty() => Some(Body::Reseed),
        _ => None,
    }
}

/// The reply of `read.lua`.
pub(super) fn page(guild: GuildId, reply: Value) -> Result<LogPage, BusError> {
    let unreadable = || corrupt(format!("log:{guild}"));
    let values = array(reply).ok_or_else(unreadable)?;
    let Some((head, rows)) = values.split_at_checked(2) else {
        return Ok(LogPage {
            entries: Vec::new(),
            floor: None,
            more: false,
        });
    };
    let floor = text(&head[0]).and_then(|floor| floor.parse().ok());
    let entries: Option<Vec<Entry>> = rows.chunks(5).map(|row| logged(guild, row)).collect();
    Ok(LogPage {
        entries: entries.ok_or_else(unreadable)?,
        floor: Some(floor.ok_or_else(|| corrupt(format!("guild:{guild}")))?),
        more: text(&head[1]) == Some("1"),
    })
}

fn logged(guild: GuildId, row: &[Value]) -> Option<Entry> {
    let [id, previous, position, stored, message] = row else {
        return None;
    };
    let mut stored = stored.as_bytes()?;
    if text(message)? == "1" {
        // before a message's body stands where its text is
        let space = stored.iter().position(|byte| *byte == b' ')?;
        stored = &stored[space + 1..];
    }
    Some(Entry {
        guild,
        id: text(id)?.parse().ok()?,
        previous: text(previous)?.parse().ok()?,
        position: text(position)?.parse().ok()?,
        body: body(stored)?,
    })
}

/// The reply of `snapshot.lua`.
pub(super) fn cut(reply: Value) -> Result<Cut, BusError> {
    let mut values = array(reply).ok_or_else(|| corrupt("clock"))?.into_iter();
    let id = clock(&values.next().unwrap_or(Value::Null))?;
    let guilds = values.map(guild_cut).collect::<Result<_, _>>()?;
    Ok(Cut { id, guilds })
}

fn guild_cut(value: Value) -> Result<GuildCut, BusError> {
    let parts: Option<[Value; 10]> = array(value).and_then(|parts| parts.try_into().ok());
    let Some(
        [
            id,
            position,
            last,
            floor,
            facts,
            channels,
            roles,
            voice,
            members,
            gone,
        ],
    ) = parts
    else {
        return Err(corrupt("the reply of the snapshot script"));
    };
    let guild: Option<GuildId> = text(&id).and_then(|id| id.parse().ok());
    let guild = guild.ok_or_else(|| corrupt("the reply of the snapshot script"))?;
    let unreadable = || corrupt(format!("guild:{guild}"));
    let position: Option<Position> = text(&position).and_then(|position| position.parse().ok());
    let id = |value: &Value| text(value).and_then(|id| id.parse::<EventId>().ok());
    Ok(GuildCut {
        last: id(&last).ok_or_else(unreadable)?,
        floor: id(&floor).ok_or_else(unreadable)?,
        position: position.ok_or_else(unreadable)?,
        state: StoredGuild {
            guild: json(&facts).ok_or_else(unreadable)?,
            channels: list(channels, "channels", guild)?,
            roles: list(roles, "roles", guild)?,
            voice: list(voice, "voice", guild)?,
            members: list(members, "members", guild)?,
        },
        gone: list(gone, "gone", guild)?,
    })
}

/// The facts of a guild; `None` = not stored.
pub(super) fn facts(
    guild: GuildId,
    value: &Value,
) -> Result<Option<contracts::state::Guild>, BusError> {
    if value.is_null() {
        return Ok(None);
    }
    json(value)
        .map(Some)
        .ok_or_else(|| corrupt(format!("guild:{guild}")))
}

/// The clock; before the first entry it stands at zero.
pub(super) fn clock(value: &Value) -> Result<EventId, BusError> {
    if value.is_null() {
        return Ok(EventId::ZERO);
    }
    let id = text(value).and_then(|id| id.parse().ok());
    id.ok_or_else(|| corrupt("clock"))
}

pub(super) fn number(value: &Value, key: &str) -> Result<u64, BusError> {
    text(value)
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| corrupt(key))
}

pub(super) fn guild_ids(value: Value) -> Result<Vec<GuildId>, BusError> {
    let ids: Option<Vec<GuildId>> =
        array(value).and_then(|ids| ids.iter().map(|id| text(id)?.parse().ok()).collect());
    let mut ids = ids.ok_or_else(|| corrupt("guilds"))?;
    ids.sort_unstable();
    Ok(ids)
}

#[cfg(test)]
mod tests;
