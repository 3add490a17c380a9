use serde::de::DeserializeOwned;

use crate::Event;

/// The payload of a type that we carry is not what Discord documents.
///
/// Says what was expected and where, never the value that was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at line {line} column {column}")]
pub struct DecodeError {
    problem: &'static str,
    line: usize,
    column: usize,
}

impl From<&serde_json::Error> for DecodeError {
    /// Keeps the category and the place: the full text of such an error may quote the payload.
    fn from(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        let problem = match error.classify() {
            Category::Io => "input could not be read",
            Category::Syntax => "not JSON",
            Category::Data => "a field is missing or of another type",
            Category::Eof => "JSON ends too early",
        };
        Self {
            problem,
            line: error.line(),
            column: error.column(),
        }
    }
}

/// The event named `t` with payload `d`, or `None` for a type that Fanfare does not carry (its
/// payload is not looked at).
pub fn decode(t: &str, d: &str) -> Result<Option<Event>, DecodeError> {
    fn of<T: DeserializeOwned>(
        d: &str,
        event: impl FnOnce(T) -> Event,
    ) -> Result<Option<Event>, DecodeError> {
        match serde_json::from_str(d) {
            Ok(payload) => Ok(Some(event(payload))),
            Err(error) => Err(DecodeError::from(&error)),
        }
    }
    match t {
        "READY" => of(d, Event::Ready),
        "RESUMED" => Ok(Some(Event::Resumed)),
        "GUILD_CREATE" => of(d, Event::GuildCreate),
        "GUILD_UPDATE" => of(d, Event::GuildUpdate),
        "GUILD_DELETE" => of(d, Event::GuildDelete),
        "GUILD_ROLE_CREATE" => of(d, Event::RoleCreate),
        "GUILD_ROLE_UPDATE" => of(d, Event::RoleUpdate),
        "GUILD_ROLE_DELETE" => of(d, Event::RoleDelete),
        "CHANNEL_CREATE" => of(d, Event::ChannelCreate),
        "CHANNEL_UPDATE" => of(d, Event::ChannelUpdate),
        "CHANNEL_DELETE" => of(d, Event::ChannelDelete),
        "THREAD_CREATE" => of(d, Event::ThreadCreate),
        "THREAD_UPDATE" => of(d, Event::ThreadUpdate),
        "THREAD_DELETE" => of(d, Event::ThreadDelete),
        "THREAD_LIST_SYNC" => of(d, Event::ThreadListSync),
        "THREAD_MEMBER_UPDATE" => of(d, Event::ThreadMemberUpdate),
        "THREAD_MEMBERS_UPDATE" => of(d, Event::ThreadMembersUpdate),
        "VOICE_STATE_UPDATE" => of(d, Event::VoiceStateUpdate),
        "GUILD_MEMBER_ADD" => of(d, Event::MemberAdd),
        "GUILD_MEMBER_UPDATE" => of(d, Event::MemberUpdate),
        "GUILD_MEMBER_REMOVE" => of(d, Event::MemberRemove),
        "GUILD_MEMBERS_CHUNK" => of(d, Event::MemberChunk),
        "MESSAGE_CREATE" => of(d, |message| Event::MessageCreate(Box::new(message))),
        "MESSAGE_UPDATE" => of(d, |message| Event::MessageUpdate(Box::new(message))),
        "MESSAGE_DELETE" => of(d, Event::MessageDelete),
        "MESSAGE_DELETE_BULK" => of(d, Event::MessageDeleteBulk),
        "MESSAGE_REACTION_ADD" => of(d, Event::ReactionAdd),
        "MESSAGE_REACTION_REMOVE" => of(d, Event::ReactionRemove),
        "MESSAGE_REACTION_REMOVE_ALL" => of(d, Event::ReactionRemoveAll),
        "MESSAGE_REACTION_REMOVE_EMOJI" => of(d, Event::ReactionRemoveEmoji),
        "TYPING_START" => of(d, Event::TypingStart),
        "PRESENCE_UPDATE" => of(d, Event::PresenceUpdate),
        "USER_UPDATE" => of(d, Event::UserUpdate),
        _ => Ok(None),
    }
}
