//! What browsers receive: one payload type per event, and the list of all events.

mod kind;
mod member;
mod message;
mod room;
mod voice;

pub use kind::{EventKind, UnknownEvent};
pub use member::{MemberJoined, MemberLeft, MemberUpdated, PresenceActivity, PresenceUpdated};
pub use message::{
    Attachment, Author, Emoji, MessageCreated, MessageDeleted, MessageUpdated, ReactionAdded,
    ReactionCleared, ReactionRemoved, TypingStarted,
};
pub use room::{RoomCreated, RoomDeleted, RoomUpdated};
pub use voice::{VoiceFlags, VoiceJoined, VoiceLeft, VoiceUpdated};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{ChannelId, EventId, GuildId};

/// Events that Fanfare knows it missed (Discord's session could not be resumed, and they can't be fetched).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// The guild concerned.
    pub guild_id: GuildId,
    /// Unix ms: the last moment known to be complete.
    #[ts(type = "number")]
    pub since: u64,
    /// Unix ms: from here on the events are complete again.
    #[ts(type = "number")]
    pub until: u64,
    /// The events that may be missing.
    pub kinds: Vec<EventKind>,
}

/// In-band notice on a stream: what was missed can't be delivered; read everything anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Reset {
    /// Why the cursor can't be continued.
    pub reason: ResetReason,
}

/// Why a cursor can't be continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResetReason {
    /// Older than the retention.
    Expired,
    /// Older than what the log of a guild still holds.
    Trimmed,
    /// The log was begun anew.
    Epoch,
    /// Later than the deployment's clock, or no cursor at all.
    Future,
}

/// In-band notice on a stream: it ends now; come back after the `retry:` interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Unavailable {
    /// Why.
    pub reason: UnavailableReason,
}

/// Why a stream can't be served at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnavailableReason {
    /// This replica is stopping.
    Draining,
    /// This replica, or this user, has too many streams.
    Overload,
    /// The event bus is away.
    Bus,
}

/// One event with its payload.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "each variant is documented by its payload")]
pub enum Event {
    VoiceJoined(VoiceJoined),
    VoiceLeft(VoiceLeft),
    VoiceUpdated(VoiceUpdated),
    RoomCreated(RoomCreated),
    RoomUpdated(RoomUpdated),
    RoomDeleted(RoomDeleted),
    MessageCreated(MessageCreated),
    MessageUpdated(MessageUpdated),
    MessageDeleted(MessageDeleted),
    ReactionAdded(ReactionAdded),
    ReactionRemoved(ReactionRemoved),
    ReactionCleared(ReactionCleared),
    TypingStarted(TypingStarted),
    PresenceUpdated(PresenceUpdated),
    MemberJoined(MemberJoined),
    MemberUpdated(MemberUpdated),
    MemberLeft(MemberLeft),
    Gap(Gap),
}

impl Event {
    /// Its name.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::VoiceJoined(_) => EventKind::VoiceJoined,
            Self::VoiceLeft(_) => EventKind::VoiceLeft,
            Self::VoiceUpdated(_) => EventKind::VoiceUpdated,
            Self::RoomCreated(_) => EventKind::RoomCreated,
            Self::RoomUpdated(_) => EventKind::RoomUpdated,
            Self::RoomDeleted(_) => EventKind::RoomDeleted,
            Self::MessageCreated(_) => EventKind::MessageCreated,
            Self::MessageUpdated(_) => EventKind::MessageUpdated,
            Self::MessageDeleted(_) => EventKind::MessageDeleted,
            Self::ReactionAdded(_) => EventKind::ReactionAdded,
            Self::ReactionRemoved(_) => EventKind::ReactionRemoved,
            Self::ReactionCleared(_) => EventKind::ReactionCleared,
            Self::TypingStarted(_) => EventKind::TypingStarted,
            Self::PresenceUpdated(_) => EventKind::PresenceUpdated,
            Self::MemberJoined(_) => EventKind::MemberJoined,
            Self::MemberUpdated(_) => EventKind::MemberUpdated,
            Self::MemberLeft(_) => EventKind::MemberLeft,
            Self::Gap(_) => EventKind::Gap,
        }
    }

    /// The channel whose viewers may receive it; `None` = the whole guild.
    ///
    /// A `voice.left` belongs to the room that was left, though its payload's `channelId` is null.
    pub fn audience(&self) -> Option<ChannelId> {
        match self {
            Self::VoiceJoined(payload) => Some(payload.channel_id),
            Self::VoiceLeft(payload) => payload.previous_channel_id,
            Self::VoiceUpdated(payload) => Some(payload.channel_id),
            Self::RoomCreated(payload) => Some(payload.channel_id),
            Self::RoomUpdated(payload) => Some(payload.channel_id),
            Self::RoomDeleted(payload) => Some(payload.channel_id),
            Self::MessageCreated(payload) => Some(payload.channel_id),
            Self::MessageUpdated(payload) => Some(payload.channel_id),
            Self::MessageDeleted(payload) => Some(payload.channel_id),
            Self::ReactionAdded(payload) => Some(payload.channel_id),
            Self::ReactionRemoved(payload) => Some(payload.channel_id),
            Self::ReactionCleared(payload) => Some(payload.channel_id),
            Self::TypingStarted(payload) => Some(payload.channel_id),
            Self::PresenceUpdated(_)
            | Self::MemberJoined(_)
            | Self::MemberUpdated(_)
            | Self::MemberLeft(_)
            | Self::Gap(_) => None,
        }
    }

    /// Reads the payload of an event of this kind.
    pub fn read(kind: EventKind, payload: &RawValue) -> serde_json::Result<Self> {
        let json = payload.get();
        Ok(match kind {
            EventKind::VoiceJoined => Self::VoiceJoined(serde_json::from_str(json)?),
            EventKind::VoiceLeft => Self::VoiceLeft(serde_json::from_str(json)?),
            EventKind::VoiceUpdated => Self::VoiceUpdated(serde_json::from_str(json)?),
            EventKind::RoomCreated => Self::RoomCreated(serde_json::from_str(json)?),
            EventKind::RoomUpdated => Self::RoomUpdated(serde_json::from_str(json)?),
            EventKind::RoomDeleted => Self::RoomDeleted(serde_json::from_str(json)?),
            EventKind::MessageCreated => Self::MessageCreated(serde_json::from_str(json)?),
            EventKind::MessageUpdated => Self::MessageUpdated(serde_json::from_str(json)?),
            EventKind::MessageDeleted => Self::MessageDeleted(serde_json::from_str(json)?),
            EventKind::ReactionAdded => Self::ReactionAdded(serde_json::from_str(json)?),
            EventKind::ReactionRemoved => Self::ReactionRemoved(serde_json::from_str(json)?),
            EventKind::ReactionCleared => Self::ReactionCleared(serde_json::from_str(json)?),
            EventKind::TypingStarted => Self::TypingStarted(serde_json::from_str(json)?),
            EventKind::PresenceUpdated => Self::PresenceUpdated(serde_json::from_str(json)?),
            EventKind::MemberJoined => Self::MemberJoined(serde_json::from_str(json)?),
            EventKind::MemberUpdated => Self::MemberUpdated(serde_json::from_str(json)?),
            EventKind::MemberLeft => Self::MemberLeft(serde_json::from_str(json)?),
            EventKind::Gap => Self::Gap(serde_json::from_str(json)?),
        })
    }
}

/// The next event of a log page as a browser or an archive sees it.
#[derive(Debug, Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct PastEvent {
    /// Its id.
    pub id: EventId,
    /// Its name.
    pub event: EventKind,
    /// Unix ms when the gateway received the dispatch.
    #[ts(type = "number")]
    pub ts: u64,
    /// What browsers receive.
    #[ts(type = "unknown")]
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
}
