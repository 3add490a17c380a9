//! What people write.

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Kind, Step, id};
use crate::oracle::payload::emoji;

/// `MESSAGE_CREATE`; says where and which.
pub(super) fn create(step: &mut Step<'_>, data: &Value) -> Option<(u64, u64)> {
    let (channel, message) = (id(&data["channel_id"])?, id(&data["id"])?);
    let author = data["author"]["id"].as_str()?.to_owned();
    let content = data["content"].as_str().map(str::to_owned);
    step.push(
        Kind::MessageCreated,
        channel,
        message,
        author,
        content,
        false,
    );
    Some((channel, message))
}

/// `MESSAGE_UPDATE`: an event only if the message was edited. One that repeats the time of the last edit (the message was
/// pinned) says nothing new, though a gateway that was not there before can't know.
pub(super) fn update(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let (channel, message) = (id(&data["channel_id"])?, id(&data["id"])?);
    let Some(edited) = data["edited_timestamp"].as_str() else {
        return Some(());
    };
    let edited = OffsetDateTime::parse(edited, &Rfc3339).ok()?;
    let edited = u64::try_from(edited.unix_timestamp_nanos() / 1_000_000).ok()?;
    let again = step.guild.edits.insert(message, edited) == Some(edited);
    let content = data["content"].as_str().map(str::to_owned);
    let detail = edited.to_string();
    step.push(
        Kind::MessageUpdated,
        channel,
        message,
        detail,
        content,
        again,
    );
    Some(())
}

/// `MESSAGE_DELETE`, `MESSAGE_DELETE_BULK`; says which.
pub(super) fn delete(step: &mut Step<'_>, data: &Value) -> Option<Vec<u64>> {
    let channel = id(&data["channel_id"])?;
    let gone: Option<Vec<u64>> = match data["ids"].as_array() {
        Some(ids) => ids.iter().map(id).collect(),
        None => id(&data["id"]).map(|id| vec![id]),
    };
    let gone = gone?;
    for message in &gone {
        step.tell(Kind::MessageDeleted, channel, *message, String::new());
    }
    Some(gone)
}

/// `MESSAGE_REACTION_*`
pub(super) fn reaction(step: &mut Step<'_>, kind: &str, data: &Value) -> Option<()> {
    let (channel, message) = (id(&data["channel_id"])?, id(&data["message_id"])?);
    let by = || {
        Some(format!(
            "{} {}",
            id(&data["user_id"])?,
            emoji(&data["emoji"])?
        ))
    };
    let (kind, detail) = match kind {
        "MESSAGE_REACTION_ADD" => (Kind::ReactionAdded, by()?),
        "MESSAGE_REACTION_REMOVE" => (Kind::ReactionRemoved, by()?),
        _ => (
            Kind::ReactionCleared,
            emoji(&data["emoji"]).unwrap_or_default(),
        ),
    };
    step.tell(kind, channel, message, detail);
    Some(())
}

/// `TYPING_START`
pub(super) fn typing(step: &mut Step<'_>, data: &Value) -> Option<()> {
    let (channel, user) = (id(&data["channel_id"])?, id(&data["user_id"])?);
    step.tell(Kind::TypingStarted, channel, user, String::new());
    Some(())
}
