use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ts_rs::TS;
use utoipa::ToSchema;

/// A name that is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an event")]
pub struct UnknownEvent(pub String);

macro_rules! kinds {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// The name of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TS, ToSchema)]
        #[expect(missing_docs, reason = "each variant is documented by its payload")]
        pub enum EventKind {
            $(#[ts(rename = $name)] #[schema(rename = $name)] $variant,)+
        }

        impl EventKind {
            /// All events.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name, as in `event:`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl FromStr for EventKind {
            type Err = UnknownEvent;

            fn from_str(text: &str) -> Result<Self, UnknownEvent> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownEvent(text.to_owned())),
                }
            }
        }
    };
}

kinds! {
    VoiceJoined = "voice.joined",
    VoiceLeft = "voice.left",
    VoiceUpdated = "voice.updated",
    RoomCreated = "room.created",
    RoomUpdated = "room.updated",
    RoomDeleted = "room.deleted",
    MessageCreated = "message.created",
    MessageUpdated = "message.updated",
    MessageDeleted = "message.deleted",
    ReactionAdded = "reaction.added",
    ReactionRemoved = "reaction.removed",
    ReactionCleared = "reaction.cleared",
    TypingStarted = "typing.started",
    PresenceUpdated = "presence.updated",
    MemberJoined = "member.joined",
    MemberUpdated = "member.updated",
    MemberLeft = "member.left",
    Gap = "gap",
}

impl EventKind {
    /// Events that are delivered to whoever listens and never kept: nobody wants yesterday's typing.
    pub const fn live_only(self) -> bool {
        matches!(self, Self::TypingStarted)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        name.parse().map_err(de::Error::custom)
    }
}
