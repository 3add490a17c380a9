//! A batch as the arguments of its script, and the script's reply as outcomes.

use contracts::{EventId, EventKind, envelope::Unpublished};
use fred::types::Value;
use serde::Serialize;

use crate::{Batch, BusError, Fence, NewEntry, Outcome, Retention, StateOp, redaction};

/// How much longer than the log's retention a guild lives in Redis that nobody keeps any more.
const AFTERLIFE_SECONDS: u64 = 86_400;

/// The arguments that publishing and keeping share: most entries, retention in ms, expiry in seconds.
pub(super) fn retention(retention: Retention) -> [Value; 3] {
    let age = retention.age.as_millis() as u64;
    let expiry = retention.age.as_secs() + AFTERLIFE_SECONDS;
    [retention.entries, age, expiry].map(|number| number.to_string().into())
}

pub(super) fn arguments(batch: &Batch, keep: Retention, above: EventId) -> Vec<Value> {
    let changes = &batch.changes;
    let mut arguments = Vec::with_capacity(8 + changes.len() * 16);
    arguments.extend(retention(keep));
    arguments.push(above.to_string().into());
    arguments.extend(batch.fence.map_or_else(|| ["", ""].map(Value::from), fence));
    arguments.push(changes.len().to_string().into());
    for change in changes {
        let previous = change.previous.map(|position| position.to_string());
        arguments.extend(
            [
                change.guild.to_string(),
                u8::from(change.reseed).to_string(),
                previous.unwrap_or_default(),
                change.position.to_string(),
                change.state.len().to_string(),
                change.entries.len().to_string(),
                change.redact.len().to_string(),
            ]
            .map(Value::from),
        );
        for op in &change.state {
            arguments.extend(operation(op));
        }
        for (index, entry) in change.entries.iter().enumerate() {
            arguments.extend(self::entry(entry));
            let id = change.ids.get(index).map(EventId::to_string);
            arguments.push(id.unwrap_or_default().into());
        }
        arguments.extend(
            change
                .redact
                .iter()
                .map(|message| message.to_string().into()),
        );
    }
    arguments
}

/// A shard and its token.
pub(super) fn fence(fence: Fence) -> [Value; 2] {
    [
        fence.shard.to_string().into(),
        fence.token.to_string().into(),
    ]
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our types have string keys and no failing serializer")
}

fn operation(op: &StateOp) -> [Value; 3] {
    let (what, id, json) = match op {
        StateOp::SetGuild(guild) => ("g", String::new(), json(guild)),
        StateOp::RemoveGuild => ("G", String::new(), String::new()),
        StateOp::SetChannel(channel) => ("c", channel.id.to_string(), json(channel)),
        StateOp::RemoveChannel(id) => ("C", id.to_string(), String::new()),
        StateOp::SetRole(role) => ("r", role.id.to_string(), json(role)),
        StateOp::RemoveRole(id) => ("R", id.to_string(), String::new()),
        StateOp::SetVoice(voice) => ("v", voice.user_id.to_string(), json(voice)),
        StateOp::RemoveVoice(id) => ("V", id.to_string(), String::new()),
        StateOp::SetMember(member) => ("m", member.user_id.to_string(), json(member)),
        StateOp::RemoveMember(id) => ("M", id.to_string(), String::new()),
    };
    [what.into(), id.into(), json.into()]
}

fn entry(entry: &NewEntry) -> [Value; 4] {
    let (kind, json, (message, spans)) = match entry {
        NewEntry::Event(event) if event.event.live_only() => ("l", json(event), Default::default()),
        NewEntry::Event(event) => {
            let json = json(event);
            let text = text_within(event, &json);
            let created = event.event == EventKind::MessageCreated;
            (
                if created { "c" } else { "e" },
                json,
                text.unwrap_or_default(),
            )
        }
        NewEntry::Audience(change) => ("a", json(change), Default::default()),
    };
    [kind.into(), json.into(), message.into(), spans.into()]
}

/// The message of an event, and where its text is within the event's JSON: `first-afterlast` and what takes its
/// place (`n` null, `l` an empty list), with commas between; `-` = it has none.
fn text_within(event: &Unpublished, json: &str) -> Option<(String, String)> {
    let text = redaction::text_of(event.event, &event.payload)?;
    let payload = event.payload.get();
    // the payload is written as it is, and last
    let offset = json.rfind(payload)?;
    let spans: Vec<String> = text
        .spans
        .iter()
        .map(|span| {
            let kind = if span.instead == "null" { 'n' } else { 'l' };
            format!("{}-{}{kind}", offset + span.start, offset + span.end)
        })
        .collect();
    let spans = if spans.is_empty() {
        "-".to_owned()
    } else {
        spans.join(",")
    };
    Some((text.message.to_string(), spans))
}

/// The outcomes that the script tells.
pub(super) fn outcomes(reply: &Value, expected: usize) -> Result<Vec<Outcome>, BusError> {
    let unreadable = || BusError::Corrupt("the reply of the publishing script".to_owned());
    let lines = match reply {
        Value::Array(lines) if lines.len() == expected => lines.as_slice(),
        _ => return Err(unreadable()),
    };
    let outcome = |line: &Value| {
        let line = line.as_str()?;
        let mut words = line.split(' ');
        match words.next()? {
            "A" => {
                let ids: Result<Vec<EventId>, _> = words.map(str::parse).collect();
                Some(Outcome::Applied(ids.ok()?))
            }
            "D" => Some(Outcome::Duplicate),
            "B" => {
                let stored = words.next().map(str::parse).transpose().ok()?;
                Some(Outcome::Behind { stored })
            }
            _ => None,
        }
    };
    lines
        .iter()
        .map(|line| outcome(line).ok_or_else(unreadable))
        .collect()
}
